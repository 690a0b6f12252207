package dev.bascule.cpu;

import dev.bascule.core.device.Launch;

/** Work on fixed operands that a {@link CpuStream} runs at once. */
interface CpuLaunch extends Launch {
  /** Runs all of it; true where an index was outside its axis. */
  boolean run();
}
