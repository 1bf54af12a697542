import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The api serves `dist` at `/`; nothing is inlined, so that the page's policy can refuse everything inline. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
  },
});
