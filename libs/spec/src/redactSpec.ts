import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { isObject, withChanged, type JsonObject } from './json.ts';
import type { OciSpec } from './ociSpec.ts';

const digestForm = /^sha256:[0-9a-f]{64}$/;
const secretName = /pass(word|wd|phrase)?$|secret|token|credential|api[-_]?key|private[-_]?key|auth$/i;

/** The digest that stands for a secret; one that already is a digest stays, so that redacting is idempotent. */
const digestOf = (value: string): string =>
  digestForm.test(value) ? value : `sha256:${bytesToHex(sha256(utf8ToBytes(value)))}`;

/**
 * The spec with secrets replaced by `sha256:<hex>`, so that equality can still be told. Idempotent. Replaced are:
 *
 * - the value of every environment variable, of the process and of hooks (names stay);
 * - where the name says it is a secret (password, token, secret, credential, api key, private key, auth): values of
 *   annotations, `name=value` mount options, and flags in args (`--token=x` and `--token x`).
 *
 * A digest hides a random secret, not a guessable one: who can guess a short value can confirm the guess.
 */
export function redactSpec(spec: OciSpec): OciSpec {
  let result: JsonObject = spec;
  result = withChanged(result, 'process', redactCommand);
  result = withChanged(result, 'annotations', redactAnnotations);
  result = withChanged(result, 'mounts', mapItems(redactMount));
  result = withChanged(result, 'hooks', (hooks) =>
    isObject(hooks)
      ? Object.fromEntries(Object.entries(hooks).map(([name, list]) => [name, mapItems(redactCommand)(list)]))
      : hooks,
  );
  return result as OciSpec;
}

const mapItems =
  (change: (item: unknown) => unknown) =>
  (value: unknown): unknown =>
    Array.isArray(value) ? value.map((item) => change(item)) : value;

/** A process or a hook: both have `env` and `args`. */
function redactCommand(value: unknown): unknown {
  if (!isObject(value)) return value;
  return withChanged(withChanged(value, 'env', mapItems(redactVariable)), 'args', redactArgs);
}

function redactVariable(entry: unknown): unknown {
  if (typeof entry !== 'string') return entry;
  const at = entry.indexOf('=');
  return at < 0 ? entry : `${entry.slice(0, at)}=${digestOf(entry.slice(at + 1))}`;
}

function redactArgs(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const args: unknown[] = value;
  return args.map((arg, i) => {
    if (typeof arg !== 'string') return arg;
    const before = args[i - 1];
    if (typeof before === 'string' && /^--?[^=]+$/.test(before) && secretName.test(before) && !arg.startsWith('-'))
      return digestOf(arg);
    return arg.startsWith('-') ? redactAssignment(arg) : arg;
  });
}

const redactMount = (mount: unknown): unknown =>
  isObject(mount) ? withChanged(mount, 'options', mapItems(redactAssignment)) : mount;

/** `name=value` whose name says that the value is a secret. */
function redactAssignment(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const at = text.indexOf('=');
  if (at < 0 || !secretName.test(text.slice(0, at))) return text;
  return `${text.slice(0, at)}=${digestOf(text.slice(at + 1))}`;
}

const redactAnnotations = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, text]) => [
          name,
          typeof text === 'string' && secretName.test(name) ? digestOf(text) : text,
        ]),
      )
    : value;
