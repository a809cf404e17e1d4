import { readInput, readModel, readNote } from '../session/session-input.ts';
import type { Session } from '../session/session-list.ts';

/** A session in a list of them. */
export function briefly({ parts, ...session }: Session) {
  return { ...session, files: parts.map((p) => p.file) };
}

/** All that a session says about itself. */
export type SessionDetails = ReturnType<typeof details>;

/** Reads the head of the first file that has one. Throws DataError where its metadata are not as written. */
export function details(session: Session) {
  const part = session.parts.find((p) => p.head !== undefined);
  const problems = session.parts.flatMap((p) => (p.problem === undefined ? [] : [p.problem]));
  const brief = { ...briefly(session), problems: problems.length > 0 ? problems : undefined };
  if (part?.head === undefined) return brief;
  const { protocol, calibration, timeBase, nominalRateHz, maxGapS } = readInput(part.file, part.head);
  return {
    ...brief,
    channels: part.head.channels,
    note: readNote(part.head),
    protocol,
    clock: timeBase,
    nominalRateHz,
    maxGapS,
    calibration,
    model: readModel(part.file, part.head),
    program: part.head.metadata.program,
    imported: part.head.metadata.imported,
    recovered: part.head.metadata.recovered,
    cut: part.head.metadata.cut,
  };
}
