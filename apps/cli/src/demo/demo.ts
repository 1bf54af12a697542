import { shortType } from '@stasis/api-contract';
import { isStasisError, StasisError } from '@stasis/errors';
import { isEvent } from '@stasis/events';
import { allPages } from '../pages.ts';
import type { Session } from '../session.ts';
import { up, type Up } from '../up/index.ts';
import { verifyTreeHead } from '../verification.ts';
import { busVersion } from './busVersion.ts';
import { checkClaims } from './claims.ts';
import { endContainers } from './endContainers.ts';
import { makeHome, removeHome } from './home.ts';
import { checkOffline, type ProofFiles, writeProofFiles } from './offlineProof.ts';
import { type DemoOptions, nodes } from './options.ts';
import { platformSession } from './platformSession.ts';
import { tryAsAuditor } from './refusal.ts';
import { type DemoReport, type Findings, reportOf } from './report.ts';
import { playStory } from './story.ts';
import type { Teller } from './teller.ts';
import { tellTrail } from './trail.ts';

/**
 * A running program is checkpointed, lost, and restored on another node, on a platform that is made for it and is gone
 * afterwards, however it ends.
 * @param show told the report before the verdict.
 * @throws StasisError what did not work, or Internal naming the claims that were not shown.
 */
export const runDemo = async (
  base: Pick<Session, 'io' | 'printer'>,
  options: DemoOptions,
  teller: Teller,
  show: (report: DemoReport) => void,
): Promise<void> => {
  const home = makeHome('demo');
  teller.say('A program is checkpointed twice while it runs, killed, and brought back on another node.', '');
  teller.tell('');
  const started = start(base, options, home, teller);
  try {
    const platform = await started;
    base.io.signal.throwIfAborted();
    const session = platformSession(base, platform);
    let seen: Seen;
    try {
      seen = await findOut(session, platform, home, teller);
    } finally {
      if (!options.keep) await endContainers(session, home);
    }
    const offline = await checkWithoutServer(platform, seen.files, teller);
    const findings: Findings = { ...seen, offline };
    tellEvents(findings, teller);
    tellTrail(findings.trail, teller);
    show(reportOf(findings));
    judge(findings, teller);
    if (options.keep) teller.tell(`npx stasis audit verify ${seen.files.proof} \\\n  --key ${seen.files.key}`);
  } catch (error) {
    throw isStasisError(error) ? whereToLook(error, options, home) : error;
  } finally {
    const platform = await started.catch(() => {
      // It stopped what it had started; the error itself is on its way out.
    });
    await platform?.stop();
    if (!options.keep) await removeHome(home);
    const again = `npx stasis up --node ${nodes.join(',')}${platform === undefined ? '' : ` --bus ${platform.bus}`}`;
    teller.tell(options.keep ? `kept: STASIS_HOME=${home} \\\n  ${again}` : 'All of it is gone again.');
  }
};

const whereToLook = (error: StasisError, { keep }: DemoOptions, home: string): StasisError =>
  new StasisError(error.code, error.message, {
    details: error.details,
    next: keep
      ? `The logs of every part are in ${home}/logs.`
      : 'Run it again with --keep: the logs of every part stay.',
    cause: error,
  });

const start = (base: Pick<Session, 'io'>, options: DemoOptions, home: string, teller: Teller): Promise<Up> =>
  teller.step(
    () =>
      up({
        home,
        nodes,
        runtime: options.runtime,
        listen: '127.0.0.1:0',
        signal: base.io.signal,
        say: (line) => base.io.terminal && base.io.err(`${line}\n`),
        ...(options.bus !== undefined && { bus: options.bus }),
      }),
    ({ bus, why, url }) => `platform: Postgres, bus ${bus} (${why}), api at ${url}, nodes ${nodes.join(' and ')}`,
  );

interface Seen extends Omit<Findings, 'offline'> {
  readonly files: ProofFiles;
}

const findOut = async (session: Session, platform: Up, home: string, teller: Teller): Promise<Seen> => {
  const { client } = session;
  const version = await busVersion(platform);
  const node = (await client.listNodes()).items.find(({ id }) => id === nodes[0]);
  teller.say(`bus ${platform.bus} ${version}; runtime ${node?.runtime?.name} ${node?.runtime?.version}`);
  const story = await playStory(session, home, teller);
  const refusal = await teller.step(
    () => tryAsAuditor(session, story.restore.checkpoint),
    ({ code, next }) => `an auditor asks for a restore: ${code ?? 'NOT refused'}. ${next ?? ''}`,
  );
  const page = await allPages((cursor) => client.listEvents({ query: { ...cursor, order: 'asc' } }));
  const verification = await teller.step(
    () => client.verifyLedger(),
    ({ verified, size }) => `ledger ${verified ? 'verified' : 'NOT verified'}: ${size} events`,
  );
  const head = await verifyTreeHead(client, verification.ledger);
  const events = page.items.filter(({ position }) => position <= verification.size);
  const restored = events.find((event) => event.subject === story.restore.id && isEvent(event, 'restore.running'));
  if (restored === undefined) throw new StasisError('Internal', `no event says that ${story.restore.id} runs`);
  const files = await teller.step(
    () => writeProofFiles(session, home, restored.id),
    ({ event }) => `proof: ${event}, "it runs on ${nodes[1]}", is written to a file`,
  );
  return {
    ...{ bus: { kind: platform.bus, version }, node, story, events, verification, refusal, files },
    trail: await client.auditTrail({ query: { of: story.container } }),
    signed: head.size <= verification.size && head.size > 0,
  };
};

/** Stops the platform first: what is believed afterwards is believed because of the files alone. */
const checkWithoutServer = async (platform: Up, files: ProofFiles, teller: Teller): Promise<Findings['offline']> => {
  await teller.step(
    () => platform.stop(),
    () => 'the platform is stopped: api, agents, bus, database',
  );
  return teller.step(
    () => checkOffline(files),
    ({ proof, forged }) =>
      `the file and the ledger's key alone: the event ${proof.holds ? 'is proven' : 'is NOT proven'}; a copy that says ${nodes[0]} ${forged.holds ? 'is BELIEVED' : 'is not believed'}`,
  );
};

const tellEvents = ({ events }: Findings, teller: Teller): void => {
  teller.tell('\nThe ledger, event by event:\n');
  const begun = Date.parse(events[0]?.time ?? '');
  for (const { position, time, type, subject } of events) {
    const at = `+${((Date.parse(time) - begun) / 1000).toFixed(2)} s`;
    teller.tell(`${String(position).padStart(4)} ${at.padStart(9)}  ${shortType(type).padEnd(20)} ${subject}`);
  }
};

const judge = (findings: Findings, teller: Teller): void => {
  const claims = checkClaims(findings);
  teller.tell('\nWhat this shows, each line checked:\n');
  for (const { claim, shown, seen } of claims) {
    teller.say(claim, shown ? 'shown   ' : 'FAILED  ');
    teller.say(seen, '        - ');
  }
  const failed = claims.filter(({ shown }) => !shown);
  if (failed.length > 0)
    throw new StasisError('Internal', `not shown: ${failed.map(({ claim }) => claim).join('; ')}`, {
      details: failed.map(({ claim, seen }) => ({ field: claim, message: seen })),
    });
  teller.tell('');
  teller.say('Next: `npm start -- --sample` opens a console with a fleet to look at;', '');
  teller.say('docs/life-of-a-checkpoint.md follows one checkpoint; `npx stasis --help`.', '');
};
