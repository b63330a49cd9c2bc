export const exportFormats = ['plain', 'custom', 'tar', 'directory'] as const
export type ExportFormat = (typeof exportFormats)[number]

const endings: Readonly<Record<ExportFormat, string>> = { plain: '.sql', custom: '.dump', tar: '.tar', directory: '' }

/** As the runbook calls them: backup_20231027_143000.sql, by the local time. */
export function backupName(at: Date, format: ExportFormat, gzip: boolean): string {
  return `backup_${stamp(at)}${endings[format]}${gzip ? '.gz' : ''}`
}

/** '20231027_143000', local. */
export function stamp(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  return `${day}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
}
