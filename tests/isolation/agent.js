// A worker in the folder that the service worker serves.
import '../conformance/workers/agent.js';
