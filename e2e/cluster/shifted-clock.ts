/** Loaded before a program: its wall clock is ahead by LOCKSTEP_TEST_WALL_OFFSET seconds. */
const offset = Number(process.env.LOCKSTEP_TEST_WALL_OFFSET ?? 0) * 1000;
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    super(...((given.length === 0 ? [RealDate.now() + offset] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
