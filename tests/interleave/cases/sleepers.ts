import { Sleepers } from "../../../src/executor/pool/sleepers.ts";
import type { Case } from "../cases.ts";
import { type PoolOptions, SleepersModel } from "../sleepers_model.ts";

type Options = Omit<PoolOptions, "rules">;

const MODELS: readonly (Options & { schedules: bigint })[] = [
  {
    workers: 1,
    adders: [2],
    tasksEnd: true,
    parking: "one step",
    schedules: 2_301_866_614_807n,
  },
  { workers: 1, adders: [1], schedules: 104_005_414n },
  {
    workers: 2,
    adders: [1],
    schedules: 22_613_845_987_256_181_688_423_187_411_384n,
  },
  {
    workers: 2,
    adders: [2],
    parking: "one step",
    schedules: 142_235_382_939_770_500_729_204_993_644_099_555n,
  },
  {
    workers: 2,
    adders: [2],
    events: 1,
    parking: "one step",
    schedules: 21_716_692_857_530_942_885_378_487_721_929_739_703_378_034n,
  },
  { workers: 1, adders: [1], closes: true, schedules: 8_201_641_508_347_548n },
  {
    workers: 2,
    adders: [1],
    closes: true,
    parking: "one step",
    schedules: 8_149_728_576_369_087_033_448_512_025_406_756_002_757_816n,
  },
  {
    workers: 2,
    adders: [1],
    events: 1,
    hasOwnTasks: true,
    parking: "one step",
    schedules: 8_517_324_928_722_883_279_654_900_702_359_349_091_211n,
  },
  {
    workers: 2,
    adders: [1],
    imports: true,
    parking: "one step",
    schedules: 3_183_943_738_681_415_938_198_789_965_937_769_033_756n,
  },
  { workers: 1, hosted: 1, adders: [1], schedules: 714_690_440n },
  {
    workers: 2,
    hosted: 1,
    adders: [1],
    parking: "one step",
    schedules: 168_356_150_923_584_268_780_800_819_114n,
  },
  {
    workers: 2,
    hosted: 1,
    adders: [2],
    parking: "one step",
    schedules: 3_171_494_490_558_214_671_902_792_642_323_359_358n,
  },
  {
    workers: 2,
    hosted: 2,
    adders: [2],
    parking: "one step",
    schedules: 5_190_659_718_953_689_074_606_538_771_955_654_040n,
  },
  {
    workers: 2,
    hosted: 1,
    adders: [1],
    events: 1,
    hasOwnTasks: true,
    parking: "one step",
    schedules: 5_361_465_145_623_578_879_339_872_896_897_739_872n,
  },
  {
    workers: 2,
    hosted: 1,
    adders: [1],
    imports: true,
    parking: "one step",
    schedules: 469_181_944_834_291_542_855_832_080_272_748_372_493n,
  },
];

/** Those that take longer than all others together. */
const LARGE_MODELS: typeof MODELS = [
  {
    workers: 2,
    adders: [2],
    events: 1,
    hasOwnTasks: true,
    tasksEnd: true,
    parking: "one step",
    schedules:
      25_062_786_537_756_702_416_323_500_871_196_114_819_943_424_139_172_068_574_477_391n,
  },
  {
    workers: 2,
    hosted: 1,
    adders: [2],
    events: 1,
    hasOwnTasks: true,
    tasksEnd: true,
    parking: "one step",
    schedules:
      869_146_726_081_981_015_721_887_833_802_919_918_832_149_961_510_649_618_145_011n,
  },
  {
    workers: 2,
    adders: [1, 1],
    parking: "one step",
    schedules: 18_245_834_853_304_160_276_457_396_023_043_752_164_231_238n,
  },
  {
    workers: 2,
    adders: [2],
    schedules: 227_012_846_787_323_926_039_672_332_909_835_785_231_899_514_321n,
  },
];

const isThorough = Deno.env.get("EDO_MODELS") === "large";

export const CASES: readonly Case[] = [
  ...MODELS,
  ...(isThorough ? LARGE_MODELS : []),
].map(({ schedules, ...options }) => {
  const { workers, hosted = 0, adders, events = 0, closes, parking } = options;
  const what = `${workers} workers` +
    (hosted > 0 ? `, ${hosted} of them under Deno's loop` : "") +
    `, adders of ${adders.join(" and ")} tasks` +
    (events > 0 ? `, ${events} events` : "") +
    (options.hasOwnTasks ? " and what they bring" : "") +
    (options.imports ? ", an import" : "") +
    (options.tasksEnd ? " that end at once" : "") +
    (closes ? ", a shutdown" : "") +
    (parking === undefined ? " and the shipped parking" : "");
  return {
    name: `no task lies about while a worker sleeps: ${what}`,
    make: () =>
      new SleepersModel({
        ...options,
        rules: (...place) => new Sleepers(...place),
      }),
    schedules,
  };
});
