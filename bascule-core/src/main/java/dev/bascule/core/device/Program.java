package dev.bascule.core.device;

import java.util.List;

/** A segment of a plan as a device sees it: launches in order over numbered buffers. */
public record Program(String name, List<Step> steps) {
  public Program {
    steps = List.copyOf(steps);
  }

  /** One launch. */
  public record Step(String name, Launchable launchable, List<Operand> operands) {
    public Step {
      operands = List.copyOf(operands);
    }
  }

  /**
   * Where an operand lies: a buffer's number and the bytes within (to the buffer's end where {@code
   * bytes} is -1).
   */
  public record Operand(int buffer, long offsetBytes, long bytes) {}
}
