package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.cpu.CpuDriver;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.VectorLength;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;

/**
 * Prints how fast linear layers are on the device, rounding and threads included. One token: bytes
 * of weights a second, beside a stream that only reads memory, in turn with it; the matrices of a
 * round do not fit the last-level cache. 512 tokens: operations a second, beside what products of
 * bytes reach on registers. The upper quartile of many short times counts, so that a busy machine
 * does less harm.
 *
 * <p>{@code java ... dev.bascule.cpu.linear.LinearSpeed LEVEL THREADS [NxK,NxK...] [TYPE,TYPE...]}
 */
final class LinearSpeed {
  private static final long ROUND_BYTES = 128L << 20;
  private static final int TOKENS = 512;
  private static final int ROUNDS = 20;

  /** Pieces of a round that are timed alone. */
  private static final int SLICES = 32;

  private static final Symbol M = new Symbol("m", 1, TOKENS);

  private interface Job {
    void run(int thread);
  }

  private final IsaLevel level;
  private final int threads;
  private final MemorySegment reader;
  private final MemorySegment peak;
  private final Buffer stream;
  private final Device device;

  private LinearSpeed(ExecutableMemory memory, Device device, IsaLevel level, int threads) {
    this.level = level;
    this.threads = threads;
    this.device = device;
    this.reader = memory.install(reader());
    this.peak = memory.install(dots());
    this.stream = device.allocate(ROUND_BYTES);
    stream.host().orElseThrow().fill((byte) 1);
  }

  public static void main(String[] arguments) throws Exception {
    IsaLevel level = IsaLevel.valueOf(arguments[0]);
    int threads = Integer.parseInt(arguments[1]);
    String shapes = arguments.length > 2 ? arguments[2] : "4096x4096,1024x3072";
    String names = arguments.length > 3 ? arguments[3] : "q8_0,q4_0,q4_k,q5_k,q6_k,f16,bf16,f32";
    Map<String, String> isa = Map.of("cpu.isa", level.name().toLowerCase(Locale.ROOT));
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
        Device device =
            new CpuDriver().discover(new DeviceOptions(threads, isa)).devices().getFirst()) {
      LinearSpeed speed = new LinearSpeed(memory, device, level, threads);
      System.out.println(device.info().description());
      System.out.println(
          "| n x k | type | 1 token: GB/s | stream | share | 512 tokens: GOP/s | peak | share"
              + " | packing GB/s |");
      System.out.println("|---|---|---|---|---|---|---|---|---|");
      for (String shape : shapes.split(",")) {
        for (String name : names.split(",")) {
          String[] nk = shape.split("x");
          speed.line(type(name), Integer.parseInt(nk[0]), Integer.parseInt(nk[1]));
        }
      }
    }
  }

  private static WeightType type(String name) {
    return switch (name) {
      case "f32" -> new WeightType.Floats(DType.F32);
      case "f16" -> new WeightType.Floats(DType.F16);
      case "bf16" -> new WeightType.Floats(DType.BF16);
      default -> new WeightType.Blocks(QuantType.of(name).orElseThrow());
    };
  }

  private static LibraryCall call(WeightType type, long n, long k) {
    View x = View.contiguous(DType.F32, new Shape(List.of(Dim.of(M), Dim.of(k))));
    Shape stored = Shape.of(n, type.storedElements(k));
    View weight = new View(type.stored(), stored, Dim.ZERO, stored.strides(), true);
    View out = View.contiguous(DType.F32, new Shape(List.of(Dim.of(M), Dim.of(n))));
    Linear op = new Linear(List.of(type), Linear.Activations.INT8, false);
    return new LibraryCall("layer", op, List.of(x, weight), List.of(out), Optional.empty());
  }

  private void line(WeightType type, int n, int k) throws Exception {
    LibraryCall call = call(type, n, k);
    LibraryKernel kernel =
        device.library().stream().filter(one -> one.accepts(call)).findFirst().orElseThrow();
    Encoding encoding = kernel.encodingFor(call, 1).orElseThrow();
    List<Buffer> buffers = new ArrayList<>();
    try (Arena arena = Arena.ofShared();
        Launchable code = kernel.prepare(call);
        Stream queue = device.stream()) {
      MemorySegment rows = arena.allocate(n * type.rowBytes(k) + 64, 64);
      Buffer x = device.allocate(4L * TOKENS * k);
      Buffer out = device.allocate(4L * TOKENS * n);
      Buffer workspace = device.allocate(code.workspaceBytes(Bindings.NONE.with(M, TOKENS)));
      buffers.addAll(List.of(x, out, workspace));
      List<Launch> single = new ArrayList<>();
      double packing = 0;
      for (long bytes = 0; bytes < ROUND_BYTES; bytes += encoding.bytes()) {
        Buffer weight = device.allocate(encoding.bytes());
        buffers.add(weight);
        long start = System.nanoTime();
        encoding.encode(Encoding.Source.of(rows), weight.host().orElseThrow());
        packing = Math.max(packing, (double) encoding.bytes() / (System.nanoTime() - start));
        List<Slice> operands = List.of(x, weight, out, workspace).stream().map(Slice::of).toList();
        single.add(code.bind(operands, Bindings.NONE.with(M, 1)));
      }
      List<Slice> operands =
          List.of(x, buffers.getLast(), out, workspace).stream().map(Slice::of).toList();
      Launch many = code.bind(operands, Bindings.NONE.with(M, TOKENS));
      print(type, n, k, packing, measure(queue, single, encoding.bytes(), many));
    } finally {
      buffers.forEach(Buffer::close);
    }
  }

  private record Speed(double bytes, double stream, double seconds, double peak) {}

  private Speed measure(Stream queue, List<Launch> single, long bytes, Launch many)
      throws Exception {
    double[] rates = new double[ROUNDS * single.size()];
    double[] streams = new double[ROUNDS * SLICES];
    double[] seconds = new double[ROUNDS / 3];
    double[] peaks = new double[ROUNDS / 3];
    for (int round = 0; round < ROUNDS; round++) {
      int first = round * SLICES;
      seconds(thread -> read(thread, streams, first));
      for (int i = 0; i < single.size(); i++) {
        long start = System.nanoTime();
        queue.launch(single.get(i));
        rates[round * single.size() + i] = 1e9 * bytes / (System.nanoTime() - start);
      }
    }
    for (int round = 0; round < seconds.length; round++) {
      long start = System.nanoTime();
      queue.launch(many);
      seconds[round] = -(System.nanoTime() - start) / 1e9;
      peaks[round] = peak();
    }
    return new Speed(upper(rates), upper(streams), -upper(seconds), upper(peaks));
  }

  private static void print(WeightType type, int n, int k, double packing, Speed speed) {
    double operations = 2.0 * TOKENS * n * k / speed.seconds;
    System.out.printf(
        "| %d x %d | %s | %.1f | %.1f | %.0f %% | %.0f | %.0f | %.0f %% | %.1f |%n",
        n,
        k,
        type,
        speed.bytes / 1e9,
        speed.stream / 1e9,
        100 * speed.bytes / speed.stream,
        operations / 1e9,
        speed.peak / 1e9,
        100 * operations / speed.peak,
        packing);
  }

  private static double upper(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length * 3 / 4];
  }

  /** Until the last thread is done. */
  private double seconds(Job job) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(threads);
    long[] starts = new long[threads];
    long[] ends = new long[threads];
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      Thread worker =
          new Thread(() -> {
            try {
              barrier.await();
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
            starts[thread] = System.nanoTime();
            job.run(thread);
            ends[thread] = System.nanoTime();
          });
      workers.add(worker);
      worker.start();
    }
    for (Thread worker : workers) {
      worker.join();
    }
    long start = Arrays.stream(starts).min().orElseThrow();
    return (Arrays.stream(ends).max().orElseThrow() - start) / 1e9;
  }

  /** Reads this thread's slices; writes what they say of all threads' bytes a second. */
  private void read(int thread, double[] rates, int first) {
    long chunks = ROUND_BYTES / SLICES / 256;
    long address = stream.host().orElseThrow().address();
    for (int slice = thread; slice < SLICES; slice += threads) {
      long start = System.nanoTime();
      MachineCode.run(reader, address, slice * chunks, (slice + 1) * chunks);
      rates[first + slice] = 1e9 * threads * chunks * 256 / (System.nanoTime() - start);
    }
  }

  private double peak() throws Exception {
    long iterations = 300_000;
    int operations = 2 * length().bytes() * 12;
    double time = seconds(thread -> MachineCode.run(peak, 0, 0, iterations));
    return operations * (double) iterations * threads / time;
  }

  private VectorLength length() {
    return level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
  }

  /** Sums chunks of 256 bytes: nothing but loads. */
  private byte[] reader() {
    Assembler asm = new Assembler(level);
    asm.sub(Gpr.RDX, Gpr.RSI);
    asm.shl(Gpr.RSI, 8);
    asm.add(Gpr.RDI, Gpr.RSI);
    Label loop = asm.here();
    for (int i = 0; i < 256; i += 64) {
      asm.prefetch(Prefetch.L2, Mem.at(Gpr.RDI, 8192 + i));
    }
    for (int i = 0; i < 256; i += length().bytes()) {
      asm.op(Row.VPADDD, length(), v(i / length().bytes() % 4), v(5), Mem.at(Gpr.RDI, i));
    }
    asm.add(Gpr.RDI, 256);
    asm.sub(Gpr.RDX, 1);
    asm.jcc(Condition.GREATER, loop);
    asm.vzeroupper();
    asm.ret();
    return asm.finish();
  }

  /** Products of bytes on registers. */
  private byte[] dots() {
    Assembler asm = new Assembler(level);
    Label loop = asm.here();
    for (int i = 0; i < 12; i++) {
      if (level == IsaLevel.AVX512) {
        asm.op(Row.VPDPBUSD, length(), v(i), v(13), v(14));
      } else {
        asm.op(Row.VPMADDUBSW, length(), v(12), v(13), v(14));
        asm.op(Row.VPADDW, length(), v(i), v(i), v(12));
      }
    }
    asm.sub(Gpr.RDX, 1);
    asm.jcc(Condition.GREATER, loop);
    asm.vzeroupper();
    asm.ret();
    return asm.finish();
  }
}
