// Somebody's own service worker that isolates as well.
importScripts('coi.js', 'other-worker.js');
