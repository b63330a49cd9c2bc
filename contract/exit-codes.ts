/**
 * Exit codes are part of our public contract: a number keeps its meaning, and 10 to 12 mean what they mean in restic.
 * 0 is success, 1 an error nobody foresaw, 130 an interruption.
 */
export const exitCodes = {
  unexpected: 1,
  'bad-input': 2,
  'vault-missing': 10,
  'vault-locked': 11,
  'wrong-password': 12,
  'vault-exists': 13,
  'vault-damaged': 14,
  'vault-unsupported': 15,
  'storage-failed': 16,
  'storage-full': 17,
  'file-missing': 18,
  'point-unknown': 20,
  'point-ambiguous': 21,
  'project-unknown': 22,
  'project-not-found': 30,
  'project-invalid': 31,
  'docker-unavailable': 32,
  'tool-missing': 33,
  'tool-failed': 34,
  'database-unreachable': 35,
  'capture-failed': 36,
  'source-unreadable': 37,
  'target-exists': 40,
  'preflight-failed': 41,
  'image-unavailable': 42,
  'restore-failed': 43,
  'verification-failed': 44,
  'target-mismatch': 45,
  'nothing-to-undo': 46,
  'file-unrecognized': 47,
  'file-unsafe': 48,
  'hook-failed': 49,
  'config-incomplete': 50,
  'copy-missing': 51,
  'guard-failed': 60,
  'drill-failed': 61,
  'drill-error': 62,
  'evidence-altered': 63,
  'kit-failed': 70,
  interrupted: 130,
} as const

/** Every reason for which a command can fail, in a program's words. */
export type ErrorCode = keyof typeof exitCodes
