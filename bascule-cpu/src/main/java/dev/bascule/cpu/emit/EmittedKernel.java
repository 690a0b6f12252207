package dev.bascule.cpu.emit;

import dev.bascule.core.Bindings;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.KernelCode;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A kernel as machine code, with its dimensions still open. */
final class EmittedKernel implements KernelCode {
  private final Kernel kernel;
  private final IsaLevel isa;
  private final List<Emission> variants;
  private final ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
  private final List<MemorySegment> entries;
  private final List<CallWords> words;
  private final int workers;

  /**
   * Installs the code.
   *
   * @throws dev.bascule.cpu.asm.CodeMemoryException where no code may run
   */
  EmittedKernel(Kernel kernel, IsaLevel isa, List<Emission> variants, int workers) {
    this.kernel = kernel;
    this.isa = isa;
    this.variants = variants;
    this.entries = memory.install(variants.stream().map(Emission::code).toList());
    this.words = variants.stream().map(emission -> new CallWords(emission.layout())).toList();
    this.workers = workers;
  }

  @Override
  public String describe() {
    Emission first = variants.getFirst();
    String along =
        switch (first.layout().nest.mode()) {
          case MAP -> "elementwise";
          case ROW -> "along rows, " + first.layout().stages.loops().size() + " loops";
          case COLUMN -> "across rows, " + first.layout().stages.loops().size() + " loops";
        };
    String kept =
        first.layout().stages.cachedCount() > 0
            ? ", " + first.layout().stages.cachedCount() + " values kept per row"
            : "";
    return isa.name().toLowerCase(java.util.Locale.ROOT)
        + " code, "
        + along
        + kept
        + ", "
        + first.code().length
        + " bytes";
  }

  @Override
  public BoundCode bind(List<MemorySegment> operands, Bindings dims) {
    long rows = variants.getFirst().layout().nest.rowExtent().evaluate(dims);
    int variant = rows <= variants.getFirst().keptElementsMax() ? 0 : variants.size() - 1;
    return new EmittedLaunch(
        kernel,
        variants.get(variant),
        entries.get(variant),
        words.get(variant),
        workers,
        operands,
        dims);
  }

  @Override
  public void close() {
    memory.close();
  }
}
