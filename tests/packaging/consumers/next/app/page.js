'use client';

import { useEffect } from 'react';
import { create } from 'sluice'; // the server imports it, too

export default function Page() {
  useEffect(() => {
    import('../main.js');
  }, []);
  return <p>{create.name}</p>;
}
