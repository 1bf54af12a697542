import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StasisEvent } from '@stasis/events';
import { asJournalError } from './journalRoom.ts';
import { journalSchema } from './journalSchema.ts';
import { JournalWriter, type KnownContainer, type OwedResume } from './journalWriter.ts';

export type RequestState = 'waiting' | 'begun' | 'ended' | 'dropped';

/** One request as the journal has it. `notes` is what the use case needs to go on after a crash. */
export interface JournaledRequest {
  readonly id: string;
  readonly event: StasisEvent;
  readonly state: RequestState;
  /** The last step whose effects are on record; the use case names its steps. */
  readonly step: string;
  readonly attempt: number;
  readonly attemptDir?: string;
  readonly capture?: { readonly pid: number; readonly startTicks: string };
  readonly notes: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly change: (tx: JournalWriter) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What an agent must not forget: SQLite with WAL and synchronous FULL, so a commit that returned survives a power loss.
 * Changes that are handed in during one tick become one commit. Every change is idempotent by id.
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #writer: JournalWriter;
  readonly #file: string;
  readonly #listeners = new Set<() => void>();
  #queue: Waiting[] = [];

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(file);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    this.#db.exec(journalSchema);
    this.#writer = new JournalWriter(this.#db);
  }

  /**
   * Applies `change` in a transaction; resolves once it is durable. A change that throws is undone alone, the others of
   * the same tick stand. The change must be synchronous. @throws StasisError NoSpace: nothing of the tick happened
   */
  commit(change: (tx: JournalWriter) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    const settle: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { change, resolve, reject } of batch) {
        this.#db.exec('SAVEPOINT one');
        try {
          change(this.#writer);
          settle.push(resolve);
        } catch (error) {
          // A full disk ends the whole transaction by itself: then the others of the tick hear of it as well.
          if (!this.#db.isTransaction) throw error;
          this.#db.exec('ROLLBACK TO one');
          settle.push(() => reject(asJournalError(error, this.#file)));
        }
        this.#db.exec('RELEASE one');
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      // The commit itself failed (disk full, I/O error): nothing of this tick happened, and each caller hears it.
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(asJournalError(error, this.#file));
      return;
    }
    for (const done of settle) done();
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each commit. Returns the function that ends it. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  setting(name: string): string | undefined {
    const row = this.#db.prepare('SELECT value FROM settings WHERE name = ?').get(name);
    return row === undefined ? undefined : String(row['value']);
  }

  /** The first offset that was not taken in yet. */
  nextOffset(topic: string, partition: number): string | undefined {
    const row = this.#db.prepare('SELECT next FROM offsets WHERE topic = ? AND partition = ?').get(topic, partition);
    return row === undefined ? undefined : String(row['next']);
  }

  /** Requests that have not ended, in the order in which they came. */
  openRequests(): JournaledRequest[] {
    return this.#db
      .prepare(`SELECT * FROM requests WHERE state IN ('waiting', 'begun') ORDER BY rowid`)
      .all()
      .map(toRequest);
  }

  /** Requests that ended at this step, oldest first. */
  endedAt(step: string): JournaledRequest[] {
    return this.#db
      .prepare(`SELECT * FROM requests WHERE state = 'ended' AND step = ? ORDER BY rowid`)
      .all(step)
      .map(toRequest);
  }

  /** The newest checkpoint of a container whose image the store gave back whole: the parent of the next one. */
  newestVerified(container: string): string | undefined {
    const row = this.#db
      .prepare(
        `SELECT subject FROM requests
         WHERE state = 'ended' AND json_extract(body, '$.data.container') = ?
           AND json_extract(notes, '$.verifiedAt') IS NOT NULL
         ORDER BY rowid DESC LIMIT 1`,
      )
      .get(container);
    return row === undefined ? undefined : String(row['subject']);
  }

  /** Attempt directories that ended requests may have left behind; those of kept images are not among them. */
  leftDirectories(): string[] {
    return this.#db
      .prepare(
        `SELECT attempt_dir AS dir FROM requests
         WHERE state = 'ended' AND step NOT IN ('kept', 'lost') AND attempt_dir IS NOT NULL`,
      )
      .all()
      .map((row) => String(row['dir']));
  }

  request(id: string): JournaledRequest | undefined {
    const row = this.#db.prepare('SELECT * FROM requests WHERE id = ?').get(id);
    return row === undefined ? undefined : toRequest(row);
  }

  /** What the recorder has said about a subject since the request, oldest first. */
  answersFor(subject: string): StasisEvent[] {
    return this.#db
      .prepare('SELECT body FROM answers WHERE subject = ? ORDER BY rowid')
      .all(subject)
      .map((row) => JSON.parse(String(row['body'])) as StasisEvent);
  }

  unsentFacts(limit: number): { seq: number; event: StasisEvent }[] {
    return this.#db
      .prepare('SELECT seq, body FROM facts WHERE sent = 0 ORDER BY seq LIMIT ?')
      .all(limit)
      .map((row) => ({ seq: Number(row['seq']), event: JSON.parse(String(row['body'])) as StasisEvent }));
  }

  /** Every fact that is still kept, sent or not, in order. */
  facts(): StasisEvent[] {
    return this.#db
      .prepare('SELECT body FROM facts ORDER BY seq')
      .all()
      .map((row) => JSON.parse(String(row['body'])) as StasisEvent);
  }

  knownContainers(): KnownContainer[] {
    return this.#db
      .prepare('SELECT id, root, run, status FROM containers')
      .all()
      .map((row) => ({
        id: String(row['id']),
        root: String(row['root']),
        run: String(row['run']),
        status: String(row['status']),
      }));
  }

  owedResumes(): OwedResume[] {
    return this.#db
      .prepare('SELECT root, id, run FROM owed_resumes ORDER BY rowid')
      .all()
      .map((row) => ({ root: String(row['root']), id: String(row['id']), run: String(row['run']) }));
  }

  /** Commits what waits, then closes the file. Idempotent. */
  close(): void {
    if (!this.#db.isOpen) return;
    if (this.#queue.length > 0) this.#flush();
    this.#db.close();
  }
}

function toRequest(row: Record<string, unknown>): JournaledRequest {
  const { attempt_dir: dir, capture_pid: pid, capture_ticks: ticks } = row;
  return {
    id: String(row['id']),
    event: JSON.parse(String(row['body'])) as StasisEvent,
    state: row['state'] as RequestState,
    step: String(row['step']),
    attempt: Number(row['attempt']),
    ...(typeof dir === 'string' && { attemptDir: dir }),
    ...(typeof pid === 'number' && typeof ticks === 'string' && { capture: { pid, startTicks: ticks } }),
    notes: JSON.parse(String(row['notes'])) as Record<string, unknown>,
  };
}
