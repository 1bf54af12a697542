import type { DatabaseSync } from 'node:sqlite';
import type { StasisEvent } from '@stasis/events';

export interface KnownContainer {
  readonly id: string;
  readonly root: string;
  readonly run: string;
  readonly status: string;
}

/** A run that is still paused though it should not be. */
export type OwedResume = Pick<KnownContainer, 'id' | 'root' | 'run'>;

export interface StepChange {
  readonly step: string;
  readonly attempt?: number;
  /** null forgets it. */
  readonly attemptDir?: string | null;
  readonly capture?: { readonly pid: number; readonly startTicks: string };
  /** Merged into the notes there are. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/** What can be written, always inside a transaction of `Journal.commit`. */
export class JournalWriter {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  setting(name: string, value: string): void {
    this.#db
      .prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, value);
  }

  offset(topic: string, partition: number, next: string): void {
    this.#db
      .prepare('INSERT INTO offsets VALUES (?, ?, ?) ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next')
      .run(topic, partition, next);
  }

  /** Remembers the id of a message at least until it expires (ISO 8601). False when it was seen before. */
  seeId(id: string, expires: string): boolean {
    return this.#db.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?)').run(id, expires).changes === 1;
  }

  /** True when the request is new. */
  takeIn(event: StasisEvent): boolean {
    const { changes } = this.#db
      .prepare(`INSERT OR IGNORE INTO requests (id, subject, type, body, state) VALUES (?, ?, ?, ?, 'waiting')`)
      .run(event.id, event.subject, event.type, JSON.stringify(event));
    return changes === 1;
  }

  /** What the recorder says about a request that was taken in earlier. */
  answer(event: StasisEvent): void {
    this.#db
      .prepare('INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)')
      .run(event.id, event.subject, event.type, JSON.stringify(event));
  }

  /** Forgets a request that nothing was done for yet; one that was begun is left alone. */
  dropUnbegun(subject: string): void {
    this.#db.prepare(`UPDATE requests SET state = 'dropped' WHERE subject = ? AND state = 'waiting'`).run(subject);
  }

  /** @throws Error when the request is not open any more: the caller must not go on with it. */
  step(id: string, change: StepChange): void {
    const { changes } = this.#db
      .prepare(
        `UPDATE requests SET state = 'begun', step = $step, attempt = coalesce($attempt, attempt),
           attempt_dir = CASE WHEN $forget = 1 THEN NULL ELSE coalesce($dir, attempt_dir) END,
           capture_pid = coalesce($pid, capture_pid), capture_ticks = coalesce($ticks, capture_ticks),
           notes = json_patch(notes, $notes)
         WHERE id = $id AND state IN ('waiting', 'begun')`,
      )
      .run({
        $id: id,
        $step: change.step,
        $attempt: change.attempt ?? null,
        $forget: change.attemptDir === null ? 1 : 0,
        $dir: change.attemptDir ?? null,
        $pid: change.capture?.pid ?? null,
        $ticks: change.capture?.startTicks ?? null,
        $notes: JSON.stringify(change.notes ?? {}),
      });
    if (changes !== 1) throw new Error(`request ${id} is not open`);
  }

  /** Names the step at which a request is that has ended; what is done for it from then on is beside its outcome. */
  endedStep(id: string, step: string): void {
    this.#db.prepare(`UPDATE requests SET step = ? WHERE id = ? AND state = 'ended'`).run(step, id);
  }

  end(id: string): void {
    this.#db.prepare(`UPDATE requests SET state = 'ended' WHERE id = ?`).run(id);
  }

  /**
   * Puts a fact in the outbox. With `once`, a second fact of the same name is not kept: a step that is gone through again
   * after a crash tells nothing twice.
   */
  fact(event: StasisEvent, once?: string): void {
    this.#db
      .prepare('INSERT OR IGNORE INTO facts (id, once, body) VALUES (?, ?, ?)')
      .run(event.id, once ?? null, JSON.stringify(event));
  }

  sent(upTo: number): void {
    this.#db.prepare('UPDATE facts SET sent = 1 WHERE seq <= ? AND sent = 0').run(upTo);
  }

  /** Forgets sent facts and ended requests beyond the newest `keep` of each; never open ones or those with a kept image. */
  prune(keep: number): void {
    this.#db.prepare(`DELETE FROM seen WHERE expires < strftime('%FT%TZ', 'now', '-1 day')`).run();
    this.#db
      .prepare('DELETE FROM facts WHERE sent = 1 AND seq <= (SELECT coalesce(max(seq), 0) FROM facts) - ?')
      .run(keep);
    this.#db
      .prepare(
        `DELETE FROM requests WHERE state IN ('ended', 'dropped') AND step <> 'kept'
           AND rowid <= (SELECT coalesce(max(rowid), 0) FROM requests) - ?`,
      )
      .run(keep);
    this.#db.prepare('DELETE FROM answers WHERE rowid <= (SELECT coalesce(max(rowid), 0) FROM answers) - ?').run(keep);
  }

  container(known: KnownContainer): void {
    this.#db
      .prepare(
        `INSERT INTO containers (id, root, run, status) VALUES (?, ?, ?, ?)
         ON CONFLICT (root, id) DO UPDATE SET run = excluded.run, status = excluded.status`,
      )
      .run(known.id, known.root, known.run, known.status);
  }

  /** A container that Stasis has paused could not be resumed: it is tried again until it goes on or is no more. */
  oweResume({ root, id, run }: OwedResume): void {
    this.#db.prepare('INSERT OR IGNORE INTO owed_resumes VALUES (?, ?, ?)').run(root, id, run);
  }

  settleResume({ root, id, run }: OwedResume): void {
    this.#db.prepare('DELETE FROM owed_resumes WHERE root = ? AND id = ? AND run = ?').run(root, id, run);
  }

  forgetContainer(root: string, id: string): void {
    this.#db.prepare('DELETE FROM containers WHERE root = ? AND id = ?').run(root, id);
  }
}
