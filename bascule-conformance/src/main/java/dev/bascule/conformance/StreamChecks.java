package dev.bascule.conformance;

import static dev.bascule.conformance.Check.require;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What a device promises of its streams: order, waiting, faults, use from several threads. */
final class StreamChecks {
  private static final int LENGTH = 5000;

  private final Device device;

  StreamChecks(Device device) {
    this.device = device;
  }

  List<Check> all() {
    return List.of(
        Check.that("launches of a stream run in order", this::launchesRunInOrder),
        Check.that("uploads and copies keep their place among launches", this::copiesKeepPlace),
        Check.that("uploaded memory may be reused at once", this::uploadedMemoryMayBeReused),
        Check.that("a stream waits for another's marker", this::streamsWaitForMarkers),
        Check.that("parts of buffers are copied exactly", this::partsAreCopiedExactly),
        Check.that("an index outside its axis names the kernel", this::faultsNameTheKernel),
        Check.that("streams of several threads do not meet", this::threadsDoNotMeet));
  }

  /** {@code y = 3 x + 1}, wrapping: the order of steps shows in the result. */
  private static Kernel step() {
    Dim n = Dim.of(new Symbol("n", 0, LENGTH));
    var b = new KernelBuilder("step", List.of(n), 0);
    var line = List.of(Dim.ONE);
    int from = b.input("x", DType.I32);
    int to = b.output("y", DType.I32);
    var x = b.load(new Access(from, Dim.ZERO, line));
    b.store(new Access(to, Dim.ZERO, line), b.add(b.mul(x, b.constant(3)), b.constant(1)));
    return b.build();
  }

  private static Bindings length() {
    return Bindings.NONE.with(new Symbol("n", 0, LENGTH), LENGTH);
  }

  private Buffer line() {
    return device.allocate(4L * LENGTH);
  }

  private static MemorySegment numbers(int first) {
    int[] numbers = new int[LENGTH];
    Arrays.setAll(numbers, i -> first + i);
    return MemorySegment.ofArray(numbers);
  }

  private static int[] stepped(int first, int steps) {
    int[] expected = new int[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      int value = first + i;
      for (int step = 0; step < steps; step++) {
        value = 3 * value + 1;
      }
      expected[i] = value;
    }
    return expected;
  }

  private static void requireEqual(int[] expected, Stream stream, Buffer buffer) {
    int[] actual = new int[LENGTH];
    stream.download(Slice.of(buffer), MemorySegment.ofArray(actual));
    int at = Arrays.mismatch(expected, actual);
    require(at < 0, "element " + at + " is wrong");
  }

  private void launchesRunInOrder() {
    try (Launchable step = device.compile(step());
        Stream stream = device.stream();
        Buffer a = line();
        Buffer b = line();
        Launch there = step.bind(List.of(Slice.of(a), Slice.of(b)), length());
        Launch back = step.bind(List.of(Slice.of(b), Slice.of(a)), length())) {
      stream.upload(numbers(5), Slice.of(a));
      for (int i = 0; i < 50; i++) {
        stream.launch(there);
        stream.launch(back);
      }
      requireEqual(stepped(5, 100), stream, a);
    }
  }

  private void copiesKeepPlace() {
    try (Launchable step = device.compile(step());
        Stream stream = device.stream();
        Buffer a = line();
        Buffer b = line();
        Buffer kept = line();
        Launch there = step.bind(List.of(Slice.of(a), Slice.of(b)), length())) {
      stream.upload(numbers(1), Slice.of(a));
      stream.launch(there);
      stream.copy(Slice.of(b), Slice.of(kept));
      stream.upload(numbers(100), Slice.of(a));
      stream.launch(there);
      stream.copy(Slice.of(b), Slice.of(a));
      stream.launch(there);
      requireEqual(stepped(100, 2), stream, b);
      requireEqual(stepped(1, 1), stream, kept);
    }
  }

  private void uploadedMemoryMayBeReused() {
    try (Launchable step = device.compile(step());
        Stream stream = device.stream();
        Buffer a = line();
        Buffer b = line();
        Launch launch = step.bind(List.of(Slice.of(a), Slice.of(b)), length())) {
      MemorySegment host = numbers(7);
      stream.upload(host, Slice.of(a));
      host.fill((byte) 0);
      stream.launch(launch);
      requireEqual(stepped(7, 1), stream, b);
    }
  }

  private void streamsWaitForMarkers() {
    try (Launchable step = device.compile(step());
        Stream first = device.stream();
        Stream second = device.stream();
        Buffer a = line();
        Buffer b = line();
        Launch there = step.bind(List.of(Slice.of(a), Slice.of(b)), length());
        Launch back = step.bind(List.of(Slice.of(b), Slice.of(a)), length())) {
      first.upload(numbers(3), Slice.of(a));
      for (int i = 0; i < 20; i++) {
        first.launch(there);
        try (Stream.Marker done = first.record()) {
          second.await(done);
        }
        second.launch(back);
        try (Stream.Marker done = second.record()) {
          first.await(done);
        }
      }
      first.launch(there);
      requireEqual(stepped(3, 41), first, b);
      second.synchronize();
    }
  }

  private void partsAreCopiedExactly() {
    long alignment = Math.max(4, device.info().alignmentBytes());
    try (Stream stream = device.stream();
        Buffer buffer = device.allocate(4 * alignment + 12);
        Buffer other = device.allocate(4 * alignment + 12)) {
      byte[] ones = new byte[Math.toIntExact(buffer.bytes())];
      Arrays.fill(ones, (byte) 1);
      stream.upload(MemorySegment.ofArray(ones), Slice.of(buffer));
      stream.upload(MemorySegment.ofArray(ones), Slice.of(other));
      byte[] part = {2, 3, 4, 5};
      stream.upload(MemorySegment.ofArray(part), new Slice(buffer, alignment, 4));
      stream.copy(new Slice(buffer, alignment, 4), new Slice(other, 2 * alignment, 4));
      byte[] expected = ones.clone();
      System.arraycopy(part, 0, expected, Math.toIntExact(2 * alignment), 4);
      byte[] actual = new byte[expected.length];
      stream.download(Slice.of(other), MemorySegment.ofArray(actual));
      require(Arrays.equals(expected, actual), "copied " + Arrays.toString(actual));
      byte[] four = new byte[4];
      stream.download(new Slice(other, 2 * alignment, 4), MemorySegment.ofArray(four));
      require(Arrays.equals(part, four), "downloaded " + Arrays.toString(four));
      stream.upload(MemorySegment.ofArray(new byte[0]), new Slice(buffer, 0, 0));
    }
  }

  private static Kernel lookup() {
    var b = new KernelBuilder("look up in a table of 8", List.of(Dim.of(64)), 0);
    var line = List.of(Dim.ONE);
    int indices = b.input("indices", DType.I64);
    int table = b.input("table", DType.F32);
    int out = b.output("out", DType.F32);
    var index = b.load(new Access(indices, Dim.ZERO, line));
    var row = new Access(table, Dim.ZERO, List.of(Dim.ZERO));
    b.store(new Access(out, Dim.ZERO, line), b.loadAt(row, index, Dim.ONE, Dim.of(8)));
    return b.build();
  }

  private void faultsNameTheKernel() {
    Kernel kernel = lookup();
    try (Launchable lookup = device.compile(kernel);
        Stream stream = device.stream();
        Buffer indices = device.allocate(64 * 8);
        Buffer table = device.allocate(8 * 4);
        Buffer out = device.allocate(64 * 4);
        Launch launch =
            lookup.bind(
                List.of(Slice.of(indices), Slice.of(table), Slice.of(out)), Bindings.NONE)) {
      long[] good = new long[64];
      Arrays.setAll(good, i -> i % 8);
      stream.upload(MemorySegment.ofArray(new float[8]), Slice.of(table));
      for (long wrong : new long[] {8, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32}) {
        long[] bad = good.clone();
        bad[37] = wrong;
        stream.upload(MemorySegment.ofArray(bad), Slice.of(indices));
        requireFault(stream, launch, kernel.name(), "index " + wrong);
        stream.upload(MemorySegment.ofArray(good), Slice.of(indices));
        stream.launch(launch);
        stream.synchronize();
      }
    }
  }

  private static void requireFault(Stream stream, Launch launch, String name, String what) {
    try {
      stream.launch(launch);
      stream.synchronize();
    } catch (DataException e) {
      String message = String.valueOf(e.getMessage());
      require(message.contains(name), what + ": the message does not name the kernel: " + message);
      return;
    }
    throw new Check.Unmet(what + " raised no fault");
  }

  private void threadsDoNotMeet() {
    try (Launchable step = device.compile(step());
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        int first = 1000 * thread;
        runs.add(threads.submit(() -> stepsOfOneThread(step, first)));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void stepsOfOneThread(Launchable step, int first) {
    try (Stream stream = device.stream();
        Buffer a = line();
        Buffer b = line();
        Launch there = step.bind(List.of(Slice.of(a), Slice.of(b)), length());
        Launch back = step.bind(List.of(Slice.of(b), Slice.of(a)), length())) {
      stream.upload(numbers(first), Slice.of(a));
      for (int i = 0; i < 25; i++) {
        stream.launch(there);
        stream.launch(back);
      }
      requireEqual(stepped(first, 50), stream, a);
    }
  }
}
