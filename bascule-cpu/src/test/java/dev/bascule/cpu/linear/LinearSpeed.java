package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
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
import java.util.Random;
import java.util.concurrent.CyclicBarrier;

/**
 * Prints how fast kernels over packed weights are. One token: bytes of weights a second, beside a
 * stream that only reads memory, probed in turn with them; the weights of a round do not fit the
 * last-level cache. 512 tokens: integer (or float) operations a second, beside what vpdpbusd (or
 * fma) reaches on registers.
 *
 * <p>{@code java ... dev.bascule.cpu.linear.LinearSpeed LEVEL THREADS [NxK,NxK...] [TYPE,TYPE...]}
 */
final class LinearSpeed {
  private static final long ROUND_BYTES = 256L << 20;
  private static final int TOKENS = 512;
  private static final int ROUNDS = 15;

  private interface Job {
    void run(int thread);
  }

  private final LinearTiles tiles;
  private final IsaLevel level;
  private final int threads;
  private final MemorySegment reader;
  private final MemorySegment peak;
  private final MemorySegment stream;
  private final MemorySegment[] blocks;

  private LinearSpeed(ExecutableMemory memory, Arena arena, IsaLevel level, int threads) {
    this.tiles = new LinearTiles(memory, level);
    this.level = level;
    this.threads = threads;
    this.reader = memory.install(reader());
    this.peak = memory.install(dots());
    this.stream = arena.allocate(ROUND_BYTES, 1 << 21);
    stream.fill((byte) 1);
    this.blocks = new MemorySegment[threads];
    for (int i = 0; i < threads; i++) {
      blocks[i] = arena.allocate(LinearTiles.ARGUMENT_BYTES, 64);
    }
  }

  public static void main(String[] arguments) throws Exception {
    IsaLevel level = IsaLevel.valueOf(arguments[0]);
    int threads = Integer.parseInt(arguments[1]);
    String shapes = arguments.length > 2 ? arguments[2] : "4096x4096,1024x3072";
    String names = arguments.length > 3 ? arguments[3] : "q8_0,q4_0,q4_k,q5_k,q6_k,f16,bf16,f32";
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
        Arena arena = Arena.ofShared()) {
      LinearSpeed speed = new LinearSpeed(memory, arena, level, threads);
      System.out.printf("%s, %d threads%n", level, threads);
      System.out.println(
          "| n x k | type | GB/s | stream GB/s | share | 512 tokens, GOP/s | peak | share |"
              + " packing GB/s |");
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

  private void line(WeightType type, int n, int k) throws Exception {
    TileFormat format = TileFormat.of(type, level);
    try (Arena arena = Arena.ofShared()) {
      List<MemorySegment> weights = new ArrayList<>();
      MemorySegment rows = arena.allocate(n * type.rowBytes(k) + 64, 64);
      byte[] noise = new byte[1 << 16];
      new Random(1).nextBytes(noise);
      for (long at = 0; at < rows.byteSize(); at += noise.length) {
        long count = Math.min(noise.length, rows.byteSize() - at);
        MemorySegment.copy(MemorySegment.ofArray(noise), 0, rows, at, count);
      }
      long bytes = format.bytes(n, k);
      double packing = 0;
      MemorySegment all = arena.allocate(ROUND_BYTES / bytes * bytes, 1 << 21);
      for (long at = 0; at < all.byteSize(); at += bytes) {
        MemorySegment packed = all.asSlice(at, bytes);
        packing = Math.max(packing, bytes / pack(format, type, rows, n, k, packed));
        weights.add(packed);
      }
      Layer layer = new Layer(arena, format, n, k);
      double[] shares = new double[ROUNDS];
      double[] rates = new double[ROUNDS];
      double[] streams = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        streams[round] = ROUND_BYTES / seconds(thread -> read(thread)) / 1e9;
        double matvec = seconds(thread -> weights.forEach(w -> layer.multiply(thread, w, 1)));
        rates[round] = (double) bytes * weights.size() / matvec / 1e9;
        shares[round] = rates[round] / streams[round];
      }
      double gemm = Double.MAX_VALUE;
      double peakNow = 0;
      for (int round = 0; round < 5; round++) {
        gemm =
            Math.min(gemm, seconds(thread -> layer.multiply(thread, weights.getFirst(), TOKENS)));
        peakNow = Math.max(peakNow, peak());
      }
      double operations = 2.0 * TOKENS * n * k / gemm / 1e9;
      System.out.printf(
          "| %d x %d | %s | %.1f | %.1f | %.0f %% | %.0f | %.0f | %.0f %% | %.1f |%n",
          n,
          k,
          type,
          median(rates),
          median(streams),
          100 * median(shares),
          operations,
          peakNow,
          100 * operations / peakNow,
          packing);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Nanoseconds, on one thread. */
  private double pack(
      TileFormat format, WeightType type, MemorySegment rows, int n, int k, MemorySegment to) {
    try (Arena arena = Arena.ofConfined()) {
      TilePacker packer = tiles.packer(format, k, arena);
      long start = System.nanoTime();
      for (int row = 0; row < n; row += tiles.lanes()) {
        long tile = row / tiles.lanes();
        packer.pack(
            rows,
            row * type.rowBytes(k),
            Math.min(tiles.lanes(), n - row),
            to.asSlice(tile * format.tileBytes(k), format.tileBytes(k)),
            to.asSlice(
                format.headersAt(n, k) + tile * format.headerBytes(k), format.headerBytes(k)));
      }
      return System.nanoTime() - start;
    }
  }

  private double seconds(Job job) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(threads);
    double[] nanos = new double[threads];
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      Thread worker =
          new Thread(() -> {
            try {
              barrier.await();
              long start = System.nanoTime();
              job.run(thread);
              nanos[thread] = System.nanoTime() - start;
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      others.add(worker);
      worker.start();
    }
    for (Thread worker : others) {
      worker.join();
    }
    return Arrays.stream(nanos).max().orElseThrow() / 1e9;
  }

  private void read(int thread) {
    long share = ROUND_BYTES / threads / 256;
    MachineCode.run(reader, stream.address(), thread * share, (thread + 1) * share);
  }

  private double peak() throws Exception {
    long iterations = 1_000_000;
    int operations = 2 * 4 * length().lanes(4) * 12;
    double time = seconds(thread -> MachineCode.run(peak, 0, 0, iterations));
    return operations * (double) iterations * threads / time / 1e9;
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
      asm.prefetch(Prefetch.L1, Mem.at(Gpr.RDI, 2048 + i));
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

  /** A layer's activations and results. */
  private final class Layer {
    private final TileFormat format;
    private final int n;
    private final int k;
    private final MemorySegment out;
    private final MemorySegment prepared;

    Layer(Arena arena, TileFormat format, int n, int k) {
      this.format = format;
      this.n = n;
      this.k = k;
      this.out = arena.allocate(4L * n * TOKENS, 64);
      long stride = LinearTiles.tokenBytes(k, format.isRounded());
      this.prepared = arena.allocate(stride * TOKENS, 64);
      if (format.isRounded()) {
        MemorySegment x = arena.allocate(4L * k, 64);
        for (int token = 0; token < TOKENS; token++) {
          long to = prepared.address() + token * stride;
          tiles.round(blocks[0], x.address(), to, k, 0, 1);
        }
      }
    }

    void multiply(int thread, MemorySegment weights, int tokens) {
      LinearTiles.Product product =
          new LinearTiles.Product(format, weights.address(), n, k, out.address(), 4L * n);
      long count = Math.ceilDiv(n, TileFormat.lanes(level));
      long low = count * thread / threads;
      long high = count * (thread + 1) / threads;
      int groups = Math.ceilDiv(tokens, tiles.tokensMax(format.isRounded()));
      long step = groups == 1 ? high - low : Math.max(1, (384 << 10) / format.tileBytes(k));
      for (long tile = low; tile < high; tile += step) {
        for (int group = 0; group < groups; group++) {
          int from = tokens * group / groups;
          int size = tokens * (group + 1) / groups - from;
          tiles.multiply(
              blocks[thread],
              product,
              prepared.address(),
              from,
              size,
              tile,
              Math.min(tile + step, high));
        }
      }
    }
  }
}
