import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { root, toolsHome } from './places.mjs';
import { run, say, SetUpError, tail, timed } from './step.mjs';

const lib = path.join(toolsHome, 'kafka/lib');
const install = 'apt-get install openjdk-17-jre-headless maven (macOS: brew install openjdk maven)';

export const kafkaNeeded = () => !process.env.KAFKA_BROKERS && !existsSync(path.join(lib, '.done'));

/** The major version of the Java on PATH; 0 when there is none. */
const javaMajor = async () => {
  const { code, output } = await run('java', ['-version']);
  return code === 0 ? Number(/version "(\d+)/.exec(output)?.[1] ?? 0) : 0;
};

/** Maven keeps what it fetched in the home that the user database names; a user without one there gets a place here. */
const ownRepository = () => {
  try {
    accessSync(userInfo().homedir, constants.W_OK);
    return [];
  } catch {
    return [`-Dmaven.repo.local=${path.join(toolsHome, 'kafka/m2')}`];
  }
};

/**
 * Fetches the broker's jars with Maven when Java 17 is there, into a directory of their own that is renamed into place.
 * @returns {Promise<boolean>} false, after one line that says what to install, when there will be no local Kafka.
 */
export const fetchKafka = async () => {
  if (!kafkaNeeded()) return true;
  const java = await javaMajor();
  if (java < 17) {
    say(`kafka: ${java ? `Java ${java} is too old` : 'no Java'}, so the bus will be Postgres; for Kafka: ${install}`);
    return false;
  }
  if ((await run('mvn', ['-v'])).code !== 0) {
    say(`kafka: no Maven to fetch the broker with, so the bus will be Postgres; for Kafka: ${install}`);
    return false;
  }
  try {
    await timed('kafka jars (Maven)', fetchJars);
    return true;
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`kafka: ${error.message}`);
    return false;
  }
};

const fetchJars = async () => {
  mkdirSync(path.dirname(lib), { recursive: true });
  const fetched = mkdtempSync(path.join(path.dirname(lib), '.fetching-'));
  try {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
    const args = ['-q', '-B', '-f', path.join(root, 'tools/kafka/pom.xml'), goal, ...ownRepository()];
    const ended = await run('mvn', [...args, `-DoutputDirectory=${fetched}`, '-DincludeScope=runtime']);
    if (ended.code !== 0)
      throw new SetUpError(
        `the jars could not be fetched, so the bus will be Postgres; for Kafka: check ~/.m2/settings.xml, or set KAFKA_BROKERS\n${tail(ended.output)}`,
      );
    writeFileSync(path.join(fetched, '.done'), '');
    if (existsSync(path.join(lib, '.done'))) return 'already there';
    rmSync(lib, { recursive: true, force: true });
    chmodSync(fetched, 0o755);
    renameSync(fetched, lib);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
};
