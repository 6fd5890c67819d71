import { time } from "../../mod.ts";
import { fc } from "./fast_check.ts";
import { future, made, number, options, orHostile } from "./hostile_values.ts";
import { surfaceTest } from "./surface.ts";

const ms = orHostile(number, fc.double({ min: 0, noNaN: true }).map(made));

surfaceTest({
  name: "time.sleep",
  args: [ms],
  call: time.sleep,
  names: /^Cannot sleep: ms is /,
});

surfaceTest({
  name: "time.sleepUntil",
  args: [ms],
  call: time.sleepUntil,
  names: /^Cannot sleep until an instant: instant is /,
});

surfaceTest({
  name: "time.timeout",
  args: [ms, orHostile(future)],
  call: time.timeout,
  names: /^Cannot (set a timeout: ms is |wait for future: )/,
});

surfaceTest({
  name: "time.interval",
  args: [
    ms,
    orHostile(
      undefined,
      options({
        missed: orHostile(undefined, "skip", "burst", "delay"),
        period: orHostile(1),
      }),
    ),
  ],
  call: (ms: number, options: time.IntervalOptions) =>
    time.interval(ms, options).tick(),
  names: /^Cannot make an interval: (ms|options.missed) is /,
});

surfaceTest({
  name: "time.Interval",
  args: [ms, orHostile("skip", "burst", "delay")],
  call: (period: number, missed: time.MissedTicks) => {
    const interval = new time.Interval(period, missed);
    void interval.period;
    interval.reset();
    return interval.tick();
  },
  names: /^Cannot make an interval: (ms|options.missed) is /,
});

surfaceTest({
  name: "time.Sleep",
  args: [ms, orHostile(true, false)],
  call: (request: number, isInstant: boolean) => {
    const sleep = new time.Sleep(request, isInstant);
    void sleep.deadline;
    return sleep;
  },
});

surfaceTest({
  name: "time.Sleep.reset",
  args: [ms],
  call: (ms: number) => {
    const sleep = time.sleep(1);
    sleep.reset(ms);
    return sleep;
  },
  names: /^Cannot reset a sleep: ms is /,
});

surfaceTest({
  name: "time.Sleep.resetUntil",
  args: [ms],
  call: (instant: number) => {
    const sleep = time.sleepUntil(1);
    sleep.resetUntil(instant);
    return sleep;
  },
  names: /^Cannot reset a sleep: instant is /,
});

surfaceTest({
  name: "time.TimeoutError",
  args: [ms],
  call: (ms: number) => String(new time.TimeoutError(ms)),
});

surfaceTest({
  name: "time.timersOf",
  args: [orHostile()],
  call: time.timersOf,
  names: /^Cannot sleep: this context has no timers/,
});

surfaceTest({
  name: "time.Timers",
  args: [
    orHostile(undefined, options({ clock: orHostile(() => 5, () => NaN) })),
  ],
  call: (options: time.TimersOptions) => {
    const timers = new time.Timers(options);
    timers.now();
    timers.turn();
    timers.close();
  },
  names: /^Cannot make timers: options.clock is /,
});

surfaceTest({
  name: "time.now",
  args: [orHostile()],
  call: time.now as () => number,
});
