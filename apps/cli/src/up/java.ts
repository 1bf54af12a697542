import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { kafkaJars } from './places.ts';

/** The major version of the Java on PATH (`java -version` says it on stderr); 0 when there is none. */
export const javaMajor = (): Promise<number> =>
  new Promise((resolve) => {
    execFile('java', ['-version'], (error, stdout, stderr) => {
      const found = /version "(\d+)/.exec(stdout + stderr);
      resolve(error === null && found !== null ? Number(found[1]) : 0);
    });
  });

export const minimumJava = 17;

/** Why no local Kafka can be started here, as the end of a sentence; undefined when one can. */
export const whyNoKafka = async (): Promise<string | undefined> => {
  const java = await javaMajor();
  if (java === 0) return 'there is no Java on PATH';
  if (java < minimumJava) return `Java ${java} is older than ${minimumJava}`;
  if (!existsSync(path.join(kafkaJars(), '.done'))) return 'its jars are not there (npm start fetches them with Maven)';
  return undefined;
};
