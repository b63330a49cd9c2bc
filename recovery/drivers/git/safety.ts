/** Settings of every call. `safe.directory` counts from the command line since git 2.38; GIT_DIR serves the older ones. */
export const safeSettings: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'safe.directory=*',
  'gc.auto=0',
  'maintenance.auto=false',
  'color.ui=false',
].flatMap(setting => ['-c', setting])

// What a calling git (a hook, an alias) hands to its children, `git rev-parse --local-env-vars`, and what changes how git
// reads paths, prints or writes.
const inherited = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_GLOB_PATHSPECS',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
  'GIT_QUARANTINE_PATH',
  'GIT_DEFAULT_HASH',
  'GIT_DEFAULT_REF_FORMAT',
  'GIT_TEMPLATE_DIR',
  'GIT_TEST_SPLIT_INDEX',
]

/** The environment of every call, over that of this process. */
export const safeEnvironment: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(inherited.map(name => [name, undefined])),
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  // What is there counts, not what replacement refs make of it.
  GIT_NO_REPLACE_OBJECTS: '1',
  // A clone without all objects must not fetch them behind our back.
  GIT_NO_LAZY_FETCH: '1',
  GIT_PAGER: 'cat',
  LC_ALL: 'C',
}
