import { RecoveryError } from '../../../recovery/domain/errors.ts'
import { planPhysical, restorePhysicalServer } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import { carryOut, inRestoration, type RestoreOptions } from './frame.ts'

export interface PhysicalOptions extends RestoreOptions {
  readonly safetyPoint: boolean
  readonly reconcilePasswords?: boolean
  readonly into?: string
  readonly from?: string
  readonly schemaOnly?: boolean
  readonly dataOnly?: boolean
}

/** `restore database SERVICE --physical`. */
export async function runPhysical(
  server: string | undefined,
  options: PhysicalOptions,
  context: Context,
): Promise<void> {
  if (server?.includes('/'))
    throw new RecoveryError('bad-input', '--physical brings a whole server back, not one database', {
      hint: `name the server alone: aidatavault restore database ${server.split('/')[0]} --physical`,
    })
  const { into, from, schemaOnly, dataOnly } = options
  if (into !== undefined || from !== undefined || schemaOnly || dataOnly)
    throw new RecoveryError('bad-input', '--physical brings the whole server back, in its place, from a point', {
      hint: 'leave out --into, --from, --schema-only and --data-only',
    })
  const request = {
    ...{ server, safetyPoint: options.safetyPoint, reconcilePasswords: options.reconcilePasswords ?? false },
    choice: { point: options.point, accept: options.accept ?? [] },
  }
  await inRestoration(context, { reads: options.plan ?? false }, async restoration => {
    const plan = await planPhysical(request, restoration)
    if (plan.safety === null)
      context.terminal.warn('NO SAFETY POINT is taken: only the old volume itself, kept beside, can take this back')
    await carryOut(plan, options, context, confirmed => restorePhysicalServer(confirmed, restoration))
  })
}
