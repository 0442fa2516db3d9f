// Where the servers are on this computer.

/** @typedef {import('../../browser/programs.js').Program} Program */

/** @satisfies {Record<string, Program>} */
export const programs = {
  nginx: {
    title: 'nginx',
    names: ['nginx'],
    variable: 'SLUICE_NGINX',
    package: 'nginx',
    part: 'packaging',
  },
  caddy: {
    title: 'Caddy',
    names: ['caddy'],
    variable: 'SLUICE_CADDY',
    package: 'caddy',
    part: 'packaging',
  },
  apache: {
    title: 'Apache httpd',
    names: ['apache2', 'httpd'],
    variable: 'SLUICE_APACHE',
    package: 'apache2-bin',
    part: 'packaging',
  },
};
