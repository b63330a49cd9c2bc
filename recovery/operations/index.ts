/** The operations, as the faces (the command line, later a server) use them. */
export { backup } from './backup.ts'
export { planBackup, sourceKinds, type BackupPlan, type SourceKind } from './backup-plan.ts'
export { planColdBackup } from './cold-plan.ts'
export { capturedPhysically } from './capture-method.ts'
export { chooseCopies, copyPoints, lostOnTheWay, warnOfOtherCuts, type ChosenPoints } from './copy/copy-points.ts'
export {
  assertEverywhere,
  takeEverywhere,
  type OpenedPlace,
  type PlacedPoint,
  type PointPlace,
} from './copy/everywhere.ts'
export { checkVault } from './check-vault.ts'
export {
  addRecoveryCode,
  assertConfigWritable,
  configFile,
  configName,
  joinVault,
  makeVault,
  vaultExists,
  writeConfig,
  type VaultAccess,
} from './init.ts'
export { addKey, changePassword, findKey, listKeys, removeKey, renewRecoveryCode, type ShownKey } from './keys.ts'
export {
  lossesByPart,
  repairSteps,
  repairVault,
  type RepairPlan,
  type RepairReport,
  type RepairRequest,
  type RepairStep,
} from './repair-vault.ts'
export { isFrom, isSameOrigin, originKey, originOf, originText } from './origin.ts'
export {
  findPoint,
  listPoints,
  noneLeft,
  projectIdOf,
  shortId,
  type RecoveryPoint,
  type UnreadablePoint,
} from './points.ts'
export { runDemo, type DemoReport, type DemoRequest } from './demo/demo.ts'
export { exportPart, type ExportedPart } from './export/export-parts.ts'
export { withExportedDatabase } from './export/export-database.ts'
export { backupName, exportFormats, stamp, type ExportFormat } from './export/file-name.ts'
export { assertFree, writeOut, type Outgoing } from './export/write-out.ts'
export { importFile } from './old-files/import-file.ts'
export type { ImportRequest } from './old-files/import-dump.ts'
export type { ImportedPoint } from './old-files/imported-point.ts'
export { planRecovery, type RecoveryRequest } from './recover/plan-recovery.ts'
export type { Obstacle, RecoveryPlan } from './recover/plan.ts'
export { drill, type DrillOutcome } from './drill/drill.ts'
export { planDrill, type DrillPlan } from './drill/plan-drill.ts'
export { chainFaults, type ChainFault } from './drill/chain.ts'
export { evidencePage, findEvidence, listEvidence, type Evidence } from './drill/evidence.ts'
export { rememberedEnd, rememberEnd } from './drill/remember.ts'
export { metricsText } from './metrics/metrics-text.ts'
export { serveMetrics } from './metrics/serve-metrics.ts'
export { textfileOf, writeMetrics } from './metrics/write-metrics.ts'
export type { Delivery } from './notify/deliveries.ts'
export { assertTold, Notifier } from './notify/notifier.ts'
export { testChannels } from './notify/test-channels.ts'
export { toldProject, type ToldProject } from './notify/told-project.ts'
export { LooksAhead } from './looks-ahead.ts'
export { lastProof, provenPoints, type Proof } from './proof.ts'
export { recover, type RecoveryReport } from './recover/recover.ts'
export { diffPoints, type PointsDiff } from './diff/diff-points.ts'
export { maskedText } from '../sources/config/index.ts'
export { checkConfig, type Finding } from './config/check-config.ts'
export {
  planNewConfig,
  textInNewestPoint,
  volumesWithPasswords,
  writeNewConfig,
  type NewConfigPlan,
} from './config/new-config.ts'
export { surveyConfig } from './config/survey-config.ts'
export { tellsSecret } from '../project/index.ts'
export { aloneIn } from './restore/alone.ts'
export { planCode, planInto, restoreCode, restoreCodeInto, type CodePlan, type CodeRequest } from './restore/code.ts'
export { planConfig, restoreConfig, restoreConfigInto, type ConfigPlan, type ConfigRequest } from './restore/config.ts'
export { readLost, recallProject, type LostProject } from './restore/lost-project.ts'
export { choosePart, type PointChoice } from './restore/choose-part.ts'
export type { Restoration, RestoreReport } from './restore/restoration.ts'
export type { RestorePlan } from './restore/restore-plan.ts'
export { planDatabase, type DatabasePlan } from './restore/database-plan.ts'
export { planDatabaseFromFile, type FileRequest } from './restore/database-from-file.ts'
export { planTables, type TablesRequest } from './restore/database-tables-plan.ts'
export { restoreTables } from './restore/database-tables.ts'
export { restoreDatabase } from './restore/database.ts'
export type { DatabaseRequest } from './restore/database-choice.ts'
export {
  dropExpired,
  interruptedRestores,
  isUnsettled,
  keptThings,
  settleInterrupted,
  type Settled,
  vaultOfLastRestore,
} from './restore/settle.ts'
export { planFile, readPlannedFile, restoreFile } from './restore/file.ts'
export { planVolume, restoreVolume, type VolumeRequest } from './restore/volume.ts'
export { planPhysical, restorePhysicalServer, type PhysicalRequest } from './restore/physical.ts'
export { planUndo, undo } from './restore/undo.ts'
export { parseMaxUnused, parseSize, readKeepWords, type KeepWords } from './retain/keep-words.ts'
export type { PointDecision } from './retain/choose-points.ts'
export {
  planPruneVault,
  planRetain,
  planRetainPrune,
  pruneVault,
  retain,
  type RetainPlan,
  type RetainRequest,
} from './retain/retain.ts'
export { readHookCall, withHook, withoutHook, type HookFormat } from './guard/assistant-hook.ts'
export { putBlock, removeBlock, rewrite, type FileChange } from './guard/marked-block.ts'
export { shellHook } from './guard/shell-hook.ts'
export { bringJournalsBack, dropCopy } from './guard/journal-copies.ts'
export { planGuard } from './guard/plan-guard.ts'
export type { Danger } from './guard/recognise/recognise.ts'
export { takeGuardPoint, type GuardPoint } from './guard/take-guard-point.ts'
export { newRunId, readRuns } from '../journal/run-history.ts'
export { readHistory, type History } from './routine/history.ts'
export { nextRuns, type JobStanding } from './routine/next-runs.ts'
export { keepSchedule, serveOnce, type Routine, type RoutineEvent } from './routine/keep-schedule.ts'
export type { JobEnd } from './routine/end-of-run.ts'
export { configOf, projectPlace, type ProjectPlace } from './routine/project-folder.ts'
export type { RunObserver } from './routine/run-observer.ts'
export { readSchedule, type Schedule } from './routine/schedule.ts'
export { serviceKinds, servicePage, type ServiceFacts, type ServiceKind } from './routine/service-pages.ts'
export type { Timer } from './routine/watch.ts'
export { recordRun, type RunFacts } from './routine/record-run.ts'
export { settleQuiet } from './quiet/settle-quiet.ts'
export { shownManifest } from './shown-manifest.ts'
export { foreseeConfig } from '../project/index.ts'
export type { Gap } from './status/look-at-gaps.ts'
export { impatientEngine } from './status/impatient-engine.ts'
export type { KitStatus } from './status/look-at-kit.ts'
export { Patience } from './status/patience.ts'
export type { Light } from './status/light.ts'
export type { ProofStatus } from './status/look-at-proof.ts'
export type { RoutineStatus } from './status/look-at-routine.ts'
export type { SourceStatus } from './status/look-at-sources.ts'
export type { VaultPlace, VaultStatus } from './status/look-at-vaults.ts'
export { projectStatus, type Status } from './status/project-status.ts'
export type { Verdict } from './status/verdict.ts'
export { assertOutside } from './vault-place.ts'
export { whileReading } from './while-reading.ts'
export type { Tools } from './tools.ts'
export { programName } from './tools.ts'
export type {
  CheckReport,
  CopyReport,
  DamagedPoint,
  Lock,
  Problem,
  PruneOptions,
  PrunePlan,
  Snapshot,
  Vault,
} from '../../vault/index.ts'
export { newRecoveryCode } from './kit/recovery-code.ts'
export { codeIn, mistakeIn, passwordOf } from './kit/recovery-secret.ts'
export { parseKit, readKit, type Kit, type KitVault, type ReadKit } from './kit/parse-kit.ts'
export { kitSheet, type KitSheet, type KitVaults } from './kit/sheet.ts'
export { kitTextOf, readKitFile } from './kit/kit-file.ts'
export { qrBlocks, qrModules, scannedText } from './kit/qr.ts'
export { addCodeEverywhere, removeOtherCodes } from './kit/new-code.ts'
export { checkKit, type KitCheck, type KitVaultCheck } from './kit/check-kit.ts'
export { forgetKitCheck, lastKitCheck, rememberKitCheck, type GoodKitCheck } from './kit/last-check.ts'
export { kitFormOf, kitPlaceWarnings, type KitForm } from './kit/kit-place.ts'
export { kitPage } from './kit/kit-page.ts'
export { kitPdf } from './kit/kit-pdf.ts'
export { kitText } from './kit/kit-text.ts'
export { discoverProject, type DiscoveryRequest } from '../project/index.ts'
export type { Project } from '../project/project.ts'
