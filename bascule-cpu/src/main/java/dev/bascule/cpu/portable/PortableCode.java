package dev.bascule.cpu.portable;

import dev.bascule.core.Bindings;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.KernelCode;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A kernel as loops over tiles: every instruction runs over a tile of about a thousand elements in
 * one plain Java loop, so that dispatch costs little per element and the JIT vectorises the loops.
 * Takes every kernel.
 */
public final class PortableCode implements KernelCode {
  private final Kernel kernel;
  private final int workers;
  private final String reason;
  private final boolean packs;
  private final Schedule resident;
  private final Schedule streamed;

  /**
   * @param workers how many threads may run a bound kernel at once
   */
  public PortableCode(Kernel kernel, int workers) {
    this(kernel, workers, "");
  }

  /**
   * @param workers how many threads may run a bound kernel at once
   * @param reason why there is no machine code, for {@link #describe}; may be empty
   */
  public PortableCode(Kernel kernel, int workers, String reason) {
    this.kernel = kernel;
    this.reason = reason;
    this.workers = workers;
    this.packs =
        kernel.parameters().stream().anyMatch(p -> p.output() && p.dtype().bits() < Byte.SIZE);
    this.resident = Scheduler.schedule(kernel, true);
    this.streamed = resident.sections().size() <= 3 ? resident : Scheduler.schedule(kernel, false);
  }

  @Override
  public String describe() {
    int passes = resident.sections().size() / 2;
    return "portable loops over tiles"
        + (passes == 0 ? "" : ", " + passes + " passes per row")
        + (reason.isEmpty() ? "" : " (no machine code: " + reason + ")");
  }

  @Override
  public BoundCode bind(List<MemorySegment> operands, Bindings dims) {
    Layout layout = Layout.of(kernel, dims, workers);
    Schedule schedule = layout.isResident() ? resident : streamed;
    return new BoundTiles(
        schedule, layout, layout.places(schedule, operands, dims), dims, workers, packs);
  }

  @Override
  public void close() {
    // owns heap memory only
  }
}
