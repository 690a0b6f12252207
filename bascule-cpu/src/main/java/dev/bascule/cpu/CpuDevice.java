package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceInfo;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.asm.CodeMemoryException;
import dev.bascule.cpu.asm.CpuFeatures;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** This machine's processor: machine code where it may run, portable loops elsewhere. */
final class CpuDevice implements Device {
  private final DeviceInfo info;
  private final CpuMemory memory;
  private final WorkerPool pool;
  private final CpuCode code;
  private final KernelCache kernels;
  private final List<LibraryKernel> library;
  private final Optional<PlantedFault> fault;
  private final LaunchBudget budget;

  CpuDevice(CpuSettings settings) {
    List<String> notes = settings.warnings();
    CpuFeatures features = features(settings, notes);
    IsaLevel level = level(settings, features);
    this.memory = new CpuMemory(settings.guardPages());
    this.pool = new WorkerPool(settings.threads());
    this.code = new CpuCode(level);
    this.kernels = new KernelCache(code, pool);
    this.fault = settings.fault();
    this.budget = new LaunchBudget(settings.launchesMax());
    List<LibraryKernel> right =
        List.of(
            new MatmulKernel(code, pool),
            new LinearKernel(code, pool),
            new AttentionKernel(code, pool),
            new CachedAttentionKernel(code, pool),
            new ScatterKernel(code, pool));
    this.library = fault.map(planted -> right.stream().map(planted::in).toList()).orElse(right);
    this.info =
        new DeviceInfo(
            "cpu",
            description(features, level, settings.threads()),
            memoryBytes(),
            CpuMemory.ALIGNMENT_BYTES,
            notes);
  }

  /** What the processor says of itself, or nothing where we may run no code to ask it. */
  private static CpuFeatures features(CpuSettings settings, List<String> notes) {
    try {
      CpuFeatures features = CpuFeatures.detect();
      if (settings.executable() == ExecutableMemory.Policy.FORBIDDEN) {
        throw new CodeMemoryException("cpu.executable-memory is 'forbid'");
      }
      return features;
    } catch (CodeMemoryException e) {
      if (settings.isa().orElse(IsaLevel.PORTABLE) == IsaLevel.PORTABLE) {
        notes.add(
            "kernels run as portable loops, slower but with the same bits, because machine code may not run here: "
                + e.getMessage());
      }
      return new CpuFeatures("", IsaLevel.PORTABLE, false);
    }
  }

  private static IsaLevel level(CpuSettings settings, CpuFeatures features) {
    IsaLevel wanted = settings.isa().orElse(features.level());
    if (!features.level().includes(wanted)) {
      throw new DeviceException(
          "cpu: cpu.isa="
              + wanted.name().toLowerCase(Locale.ROOT)
              + " was asked for, but this machine can run "
              + features.level().name().toLowerCase(Locale.ROOT)
              + " at most; leave cpu.isa out for the best there is");
    }
    return wanted;
  }

  private static String description(CpuFeatures features, IsaLevel level, int threads) {
    String model =
        features.model().isEmpty() ? System.getProperty("os.arch", "") : features.model();
    return model
        + ", "
        + level.name().toLowerCase(Locale.ROOT)
        + ", "
        + threads
        + (threads == 1 ? " thread" : " threads");
  }

  /** From Linux's table of memory; 0 elsewhere. */
  private static long memoryBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("MemTotal:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return 0;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  CpuMemory memory() {
    return memory;
  }

  KernelCache kernels() {
    return kernels;
  }

  @Override
  public Buffer allocate(long bytes) {
    return memory.allocate(bytes);
  }

  @Override
  public Buffer allocateZeros(long bytes) {
    return memory.allocateZeros(bytes);
  }

  @Override
  public Optional<Buffer> adopt(MemorySegment segment) {
    boolean fits = segment.isNative() && segment.address() % CpuMemory.ALIGNMENT_BYTES == 0;
    return fits ? Optional.of(new CpuBuffer(segment, () -> {})) : Optional.empty();
  }

  @Override
  public Stream stream() {
    return new CpuStream(budget);
  }

  @Override
  public Launchable compile(Kernel kernel) {
    Launchable compiled = kernels.compile(kernel);
    return fault.map(planted -> planted.in(kernel, compiled)).orElse(compiled);
  }

  @Override
  public List<LibraryKernel> library() {
    return library;
  }

  @Override
  public void close() {
    pool.close();
    kernels.close();
    code.close();
  }
}
