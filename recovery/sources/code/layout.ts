/** Where the parts of the code lie in a point. */
export const inPoint = {
  /** Every ref, stash and staged object, for `git clone` and for us. Absent when the repository holds no object yet. */
  bundle: 'code/repository.bundle',
  /** What is staged, in git's own format. */
  index: 'code/index',
  /** All stashes but the newest hang on the lines of this file alone: `.git/logs/refs/stash`. */
  stashLog: 'code/stash-log',
  /** The other files of `.git`: configuration, hooks, excludes, a merge in progress, the repositories of submodules. */
  git: 'code/git',
  /** Files that a checkout would not give back. */
  workTree: 'code/worktree',
  /** Our own record: symbolic refs, deleted files, owners and permissions. See record.ts. */
  record: 'code/record',
  /** A project without git. */
  files: 'code/files',
} as const
