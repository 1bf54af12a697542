import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './router.tsx';
import { queries } from './session/queries.ts';
import { showTheme } from './shell/theme.ts';
import './styles.css';

// Dialogs lock the page's scrolling with a style element: the page's policy takes it by this nonce alone.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="stasis-nonce"]')?.content;
if (nonce !== undefined) setNonce(nonce);
showTheme();

const place = document.getElementById('root');
if (place === null) throw new Error('the page has no place for the console');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
