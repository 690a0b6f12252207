package dev.bascule.cpu;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.cache.CacheCode;
import dev.bascule.cpu.cache.CacheFormat;
import dev.bascule.cpu.cache.CacheLayout;
import dev.bascule.cpu.emit.Emitter;
import dev.bascule.cpu.gemm.ElementType;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.linear.LinearTiles;
import dev.bascule.cpu.portable.PortableCode;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Makes code for one device: for its instruction set where it can, portable loops elsewhere. */
final class CpuCode implements AutoCloseable {
  private final IsaLevel level;
  private final ExecutableMemory memory;
  private final CodeCache cache = new CodeCache();
  private final Map<Widened, RowWidener> wideners = new ConcurrentHashMap<>();
  private final Map<CacheLayout, CacheCode> caches = new ConcurrentHashMap<>();
  private final Map<ElementType, Gemm> gemms = new EnumMap<>(ElementType.class);
  private final Optional<LinearTiles> linear;

  /** Rows that are turned into f32. */
  private record Widened(CacheFormat format, int columns, int block) {}

  CpuCode(IsaLevel level) {
    this.level = level;
    this.memory =
        new ExecutableMemory(
            level == IsaLevel.PORTABLE
                ? ExecutableMemory.Policy.FORBIDDEN
                : ExecutableMemory.Policy.ALLOWED);
    this.linear =
        level == IsaLevel.PORTABLE ? Optional.empty() : Optional.of(new LinearTiles(memory, level));
    if (level != IsaLevel.PORTABLE) {
      for (ElementType type : ElementType.values()) {
        gemms.put(type, new Gemm(memory, level, type));
      }
    }
  }

  IsaLevel level() {
    return level;
  }

  /**
   * @param workers how many threads may run a bound kernel at once
   */
  KernelCode compile(Kernel kernel, int workers) {
    return cache.get(kernel, workers, () -> make(kernel, workers));
  }

  private KernelCode make(Kernel kernel, int workers) {
    return switch (Emitter.compile(kernel, level, workers)) {
      case Emitter.Result.Emitted emitted -> emitted.code();
      case Emitter.Result.Declined declined -> new PortableCode(kernel, workers, declined.reason());
    };
  }

  /** Matrix products of a type, where there are any. */
  Optional<Products> products(DType dtype) {
    return switch (dtype) {
      case F32 ->
          level == IsaLevel.PORTABLE
              ? Optional.of(new Products.Portable())
              : emitted(ElementType.F32);
      case F64 -> emitted(ElementType.F64);
      default -> Optional.empty();
    };
  }

  /** What turns rows of a cache into f32. */
  RowWidener widener(CacheFormat format, int columns, int block) {
    return wideners.computeIfAbsent(
        new Widened(format, columns, block),
        w -> RowWidener.of(w.format, w.columns, w.block, level, memory));
  }

  /** What reads a cache of a layout as it lies, where machine code may run and rows fit vectors. */
  Optional<CacheCode> cache(CacheLayout layout) {
    return layout.serves(level)
        ? Optional.of(caches.computeIfAbsent(layout, l -> CacheCode.of(l, level, memory)))
        : Optional.empty();
  }

  /** Linear layers over packed weights, where machine code may run. */
  Optional<LinearTiles> linear() {
    return linear;
  }

  private Optional<Products> emitted(ElementType type) {
    return Optional.ofNullable(gemms.get(type))
        .map(gemm -> new Products.Emitted(gemm, level.name().toLowerCase(Locale.ROOT)));
  }

  @Override
  public void close() {
    memory.close();
  }
}
