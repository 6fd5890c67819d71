import type { Case } from "../cases.ts";
import { LifeModel, type LifeOptions } from "../life_model.ts";

const MODELS: readonly (LifeOptions & { schedules: bigint })[] = [
  { workers: 1, adders: [2], schedules: 2_161_199_072n },
  { workers: 1, adders: [2], isAwake: true, schedules: 2_391_874_759_204_236n },
  {
    workers: 2,
    adders: [1],
    isAwake: true,
    schedules: 19_526_625_818_100_695_765_646_277_807n,
  },
  {
    workers: 2,
    adders: [2],
    isAwake: true,
    schedules:
      190_024_276_221_343_726_376_181_818_077_175_573_188_804_726_515_717n,
  },
  {
    workers: 2,
    adders: [1, 1],
    isAwake: true,
    schedules:
      86_486_202_912_898_613_695_091_953_328_364_631_942_647_351_122_231_246_406n,
  },
  { workers: 1, adders: [2], closes: true, schedules: 5_013_154_586_989n },
  {
    workers: 1,
    adders: [1, 1],
    closes: true,
    isAwake: true,
    schedules: 782_200_337_236_241_089_968_042n,
  },
  {
    workers: 2,
    adders: [1],
    closes: true,
    isAwake: true,
    schedules: 468_174_330_045_933_858_132_349_023_853_610n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { workers, adders, closes, isAwake } = options;
    const pool = `a pool of ${workers} that ${isAwake ? "runs" : "sleeps"}`;
    const end = closes ? " and is shut down" : "";
    return {
      name: `every task runs or is cancelled when ${
        adders.join(" and ")
      } are added to ${pool}${end}`,
      make: () => new LifeModel(options),
      schedules,
    };
  },
);
