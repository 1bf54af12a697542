import path from 'node:path';
import { buildConsole, consoleNeeded } from './bootstrap/console.mjs';
import { clientNeeded, dependenciesNeeded, generateClient, installDependencies } from './bootstrap/dependencies.mjs';
import { fetchKafka, kafkaNeeded } from './bootstrap/kafka.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { toolsHome } from './bootstrap/places.mjs';
import { fetchRunsc, runscNeeded } from './bootstrap/runsc.mjs';

/**
 * Makes a bare clone ready, on Node's own modules alone: dependencies, database client, console, runsc, Kafka's jars. Says
 * each step with its time on stderr, does nothing that is done already, and may run several times at once.
 *
 * @param {{runsc?: boolean, kafka?: boolean}} wanted what the command at hand needs beyond the dependencies.
 * @returns {Promise<{runsc: boolean, kafka: boolean}>} what is there now; what is not was said in one line.
 * @throws {import('./bootstrap/step.mjs').SetUpError} when there is nothing to go on with.
 */
export const bootstrap = async (wanted = {}) => {
  const { runsc = true, kafka = true } = wanted;
  const nothingToDo =
    !dependenciesNeeded() &&
    !clientNeeded() &&
    !consoleNeeded() &&
    !(runsc && runscNeeded()) &&
    !(kafka && kafkaNeeded());
  if (nothingToDo) return { runsc, kafka };
  return withLock(path.join(toolsHome, 'bootstrap.lock'), async () => {
    await installDependencies();
    await generateClient();
    await buildConsole();
    return { runsc: runsc && (await fetchRunsc()), kafka: kafka && (await fetchKafka()) };
  });
};
