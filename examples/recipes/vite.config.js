// Vite: vite.config.js
import { sluice } from 'sluice/vite';

export default {
  plugins: [sluice()],
};
