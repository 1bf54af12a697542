import * as Dialog from '@radix-ui/react-dialog';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../session/client.ts';

interface Place {
  readonly label: string;
  readonly href: string;
}

const pages: readonly Place[] = [
  { label: 'Fleet', href: '/' },
  { label: 'Audit', href: '/audit' },
];

/** An id or a node/name is a place by itself. */
function placeNamed(words: string): Place | undefined {
  if (/^ckp_\w+$/.test(words)) return { label: `Checkpoint ${words}`, href: `/checkpoints/${words}` };
  if (/^rst_\w+$/.test(words)) return { label: `Restore ${words}`, href: `/restores/${words}` };
  if (/^evt_\w+$/.test(words)) return { label: `Event ${words}`, href: `/audit?event=${words}` };
  return undefined;
}

/** Goes anywhere by name: pages, ids, containers. */
export function Palette(props: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void }) {
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const found = useQuery({
    queryKey: ['list', 'containers', 'palette'],
    queryFn: () => api.listContainers({ query: { limit: 1000 } }),
    enabled: props.open,
  });
  const containers = (found.data?.items ?? []).map(({ id }) => ({ label: id, href: `/containers/${id}` }));
  const named = placeNamed(words.trim());
  const places = [...(named === undefined ? [] : [named]), ...pages, ...containers]
    .filter(({ label }) => label.toLowerCase().includes(words.trim().toLowerCase()))
    .slice(0, 12);
  const go = ({ href }: Place): void => {
    props.onOpenChange(false);
    setWords('');
    void navigate({ href });
  };
  const step = (by: number): void => setChosen((n) => Math.max(0, Math.min(places.length - 1, n + by)));
  return (
    <Dialog.Root {...props}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog palette" aria-describedby={undefined}>
          <Dialog.Title className="unseen">Go to a page, a container or an id</Dialog.Title>
          <input
            role="combobox"
            aria-expanded="true"
            aria-controls="places"
            aria-activedescendant={places[chosen] && `place-${chosen}`}
            aria-label="Page, container or id"
            placeholder="Page, container or id"
            value={words}
            onChange={({ target }) => {
              setWords(target.value);
              setChosen(0);
            }}
            onKeyDown={(event) => {
              const place = places[chosen];
              if (event.key === 'ArrowDown') step(1);
              else if (event.key === 'ArrowUp') step(-1);
              else if (event.key === 'Enter' && place !== undefined) go(place);
              else return;
              event.preventDefault();
            }}
          />
          <ul id="places" role="listbox" aria-label="Places">
            {places.map((place, n) => (
              <li key={place.href} id={`place-${n}`} role="option" aria-selected={n === chosen}>
                <button type="button" tabIndex={-1} onClick={() => go(place)}>
                  {place.label}
                </button>
              </li>
            ))}
          </ul>
          {places.length === 0 && <p className="state">Nothing has that name.</p>}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
