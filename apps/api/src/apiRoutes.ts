import { createToken } from './access/createToken.ts';
import { readTokens } from './access/readTokens.ts';
import { revokeToken } from './access/revokeToken.ts';
import { auditDiff } from './audit/auditDiff.ts';
import { auditTrail } from './audit/auditTrail.ts';
import { checkLedger } from './audit/checkLedger.ts';
import { proveEvent } from './audit/proveEvent.ts';
import { exportEvents } from './audit/exportEvents.ts';
import { fleetAsOf } from './audit/fleetAsOf.ts';
import { readEvents } from './audit/readEvents.ts';
import { streamEvents } from './audit/streamEvents.ts';
import { treeHeads } from './audit/treeHeads.ts';
import { cancelCheckpoint } from './checkpoints/cancelCheckpoint.ts';
import { readCheckpoints } from './checkpoints/readCheckpoints.ts';
import { requestCheckpoint } from './checkpoints/requestCheckpoint.ts';
import { readContainers } from './containers/readContainers.ts';
import { requestEnd } from './containers/requestEnd.ts';
import { requestStart } from './containers/requestStart.ts';
import { sessions } from './console/session.ts';
import type { Implemented } from './http/implement.ts';
import { readNodes } from './nodes/readNodes.ts';
import type { Platform } from './platform.ts';
import { recordReport } from './reports/recordReport.ts';
import { cancelRestore } from './restores/cancelRestore.ts';
import { checkCompatibility } from './restores/checkCompatibility.ts';
import { readRestores } from './restores/readRestores.ts';
import { requestRestore } from './restores/requestRestore.ts';
import { enrolNode } from './signatures/enrolNode.ts';
import { inviteNode } from './signatures/inviteNode.ts';
import { rekeyNode } from './signatures/rekeyNode.ts';
import { signingKeys } from './signatures/rotateKeys.ts';
import { systemRoutes } from './system/systemRoutes.ts';

/** Every route that this api serves. */
export const apiRoutes = (platform: Platform): readonly Implemented[] => [
  requestCheckpoint(platform),
  cancelCheckpoint(platform),
  ...readCheckpoints(platform),
  checkCompatibility(platform),
  requestRestore(platform),
  cancelRestore(platform),
  ...readRestores(platform),
  requestStart(platform),
  ...requestEnd(platform),
  ...readContainers(platform),
  recordReport(platform),
  ...readNodes(platform),
  inviteNode(platform),
  enrolNode(platform),
  rekeyNode(platform),
  ...signingKeys(platform),
  ...readEvents(platform),
  fleetAsOf(platform),
  auditDiff(platform),
  auditTrail(platform),
  exportEvents(platform),
  ...checkLedger(platform),
  ...treeHeads(platform),
  ...proveEvent(platform),
  streamEvents(platform),
  createToken(platform),
  ...readTokens(platform),
  revokeToken(platform),
  ...sessions(platform),
  ...systemRoutes(platform),
];
