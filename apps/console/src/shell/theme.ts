const key = 'stasis.theme';
export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = (): Theme => themes.find((one) => one === localStorage.getItem(key)) ?? 'system';

/** Puts the chosen theme on the page; `system` leaves it to the browser. */
export function showTheme(): void {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

/** The next of system, light, dark. */
export function nextTheme(): Theme {
  const next = themes[(themes.indexOf(theme()) + 1) % themes.length] ?? 'system';
  localStorage.setItem(key, next);
  showTheme();
  return next;
}
