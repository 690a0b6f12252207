package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.DeviceException;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CpuDeviceTest {

  private static CpuDevice device(int threads, String... properties) {
    DeviceOptions options = new DeviceOptions(threads, java.util.Map.of());
    for (int i = 0; i < properties.length; i += 2) {
      options = options.with(properties[i], properties[i + 1]);
    }
    return new CpuDevice(CpuSettings.of(options));
  }

  /** softmax over rows: [rows, columns]. */
  private static Kernel softmax(String name, Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder(name, List.of(rows, columns), 1);
    List<Dim> strides = List.of(columns, Dim.ONE);
    Term x = b.load(new Access(b.input("x", DType.F32), Dim.ZERO, strides));
    Term shifted = b.sub(x, b.reduce(Reduction.MAX, x));
    Term weight = b.add(b.mul(shifted, shifted), b.constant(0.5f));
    Term y = b.div(weight, b.reduce(Reduction.SUM, weight));
    b.store(new Access(b.output("y", DType.F32), Dim.ZERO, strides), y);
    return b.build();
  }

  private static float[] floats(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void serviceLoaderFindsTheDriver() {
    assertThat(ServiceLoader.load(Driver.class).stream().map(p -> p.get().name())).contains("cpu");
  }

  @Test
  void rowsGiveTheInterpretersBitsAtEveryThreadCount() {
    Kernel kernel = softmax("softmax", Dim.of(700), Dim.of(333));
    float[] input = floats(700 * 333, 11);
    float[] expected = interpreted(kernel, input);
    for (int threads : new int[] {1, 2, 3}) {
      assertThat(run(kernel, input, threads)).isEqualTo(expected);
    }
  }

  @Test
  void rowsLongerThanATileGiveTheInterpretersBits() {
    Kernel kernel = softmax("softmax", Dim.of(3), Dim.of(20_011));
    float[] input = floats(3 * 20_011, 12);
    assertThat(run(kernel, input, 2)).isEqualTo(interpreted(kernel, input));
  }

  private static float[] interpreted(Kernel kernel, float[] input) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, input);
      MemorySegment y = arena.allocate(x.byteSize(), 64);
      KernelInterpreter.run(kernel, List.of(x, y), Bindings.NONE);
      return y.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static float[] run(Kernel kernel, float[] input, int threads) {
    try (CpuDevice device = device(threads)) {
      float[] result = run(device, kernel, input);
      assertThat(device.memory().buffers()).isZero();
      assertThat(device.memory().bytesHeld()).isZero();
      assertThat(device.kernels().size()).isZero();
      return result;
    }
  }

  private static float[] run(CpuDevice device, Kernel kernel, float[] input) {
    float[] result = new float[input.length];
    try (Buffer x = device.allocate(4L * input.length);
        Buffer y = device.allocate(4L * input.length);
        Launchable code = device.compile(kernel);
        Launch launch = code.bind(List.of(Slice.of(x), Slice.of(y)), Bindings.NONE);
        Stream stream = device.stream()) {
      stream.upload(MemorySegment.ofArray(input), Slice.of(x));
      stream.launch(launch);
      stream.synchronize();
      stream.download(Slice.of(y), MemorySegment.ofArray(result));
    }
    return result;
  }

  @Test
  void streamsOfFourThreadsShareThePool() throws Exception {
    Kernel kernel = softmax("softmax", Dim.of(400), Dim.of(200));
    try (CpuDevice device = device(2);
        ExecutorService callers = Executors.newFixedThreadPool(4)) {
      List<Future<?>> done = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        float[] input = floats(400 * 200, caller);
        float[] expected = interpreted(kernel, input);
        done.add(
            callers.submit(() -> {
              for (int i = 0; i < 100; i++) {
                assertThat(run(device, kernel, input)).isEqualTo(expected);
              }
            }));
      }
      for (Future<?> future : done) {
        future.get();
      }
      assertThat(device.memory().buffers()).isZero();
    }
  }

  @Test
  void kernelsThatDifferInNamesShareCode() {
    try (CpuDevice device = device(1)) {
      Launchable first = device.compile(softmax("layer 1", Dim.of(4), Dim.of(8)));
      Launchable second = device.compile(softmax("layer 2", Dim.of(4), Dim.of(8)));
      assertThat(device.kernels().size()).isEqualTo(1);
      first.close();
      assertThat(device.kernels().size()).isEqualTo(1);
      second.close();
      assertThat(device.kernels().size()).isZero();
    }
  }

  @Test
  void anIndexOutsideItsAxisIsRaisedOnceAndNamesTheLaunch() {
    KernelBuilder b = new KernelBuilder("look up", List.of(Dim.of(3)), 0);
    int table = b.input("table", DType.F32);
    int indices = b.input("indices", DType.I64);
    Term index = b.load(new Access(indices, Dim.ZERO, List.of(Dim.ONE)));
    Access row = new Access(table, Dim.ZERO, List.of(Dim.ZERO));
    Term value = b.loadAt(row, index, Dim.ONE, Dim.of(5));
    assertThat(value.type()).isEqualTo(ScalarType.F32);
    b.store(new Access(b.output("y", DType.F32), Dim.ZERO, List.of(Dim.ONE)), value);
    float[] got = new float[3];
    try (CpuDevice device = device(1);
        Buffer x = device.allocate(20);
        Buffer i = device.allocate(24);
        Buffer y = device.allocate(12);
        Launchable code = device.compile(b.build());
        Launch launch = code.bind(List.of(Slice.of(x), Slice.of(i), Slice.of(y)), Bindings.NONE);
        Stream stream = device.stream()) {
      stream.upload(MemorySegment.ofArray(new float[] {10, 11, 12, 13, 14}), Slice.of(x));
      stream.upload(MemorySegment.ofArray(new long[] {4, 5, 1}), Slice.of(i));
      stream.launch(launch);
      assertThatThrownBy(stream::synchronize)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("\"look up\"");
      stream.synchronize();
      stream.download(Slice.of(y), MemorySegment.ofArray(got));
    }
    assertThat(got).containsExactly(14, 0, 11);
  }

  @Test
  void aForbiddenHostGivesTheSameBitsAndSaysSoOnce() {
    Kernel kernel = softmax("softmax", Dim.of(10), Dim.of(100));
    float[] input = floats(1000, 5);
    try (CpuDevice device = device(1, "cpu.executable-memory", "forbid")) {
      assertThat(device.info().notes()).hasSize(1);
      assertThat(device.info().notes().getFirst()).contains("portable loops");
      assertThat(run(device, kernel, input)).isEqualTo(interpreted(kernel, input));
    }
  }

  @Test
  void settingsThatAreNotThereAreRefused() {
    assertThatThrownBy(() -> device(1, "cpu.isa", "sse9"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("cpu.isa is 'sse9'; known: best, portable, avx2, avx512");
    assertThatThrownBy(() -> device(1, "cpu.isa", "avx512", "cpu.executable-memory", "forbid"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("avx512 was asked for");
  }

  @Test
  void buffersAreAlignedWithSlackAndCountedUntilClosed() {
    for (String guarded : new String[] {"false", "true"}) {
      try (CpuDevice device = device(1, "cpu.guard-pages", guarded)) {
        for (long bytes : new long[] {0, 1, 63, 4096, 300_000, 5_000_000}) {
          Buffer buffer = device.allocate(bytes);
          MemorySegment memory = buffer.host().orElseThrow();
          assertThat(memory.byteSize()).isEqualTo(bytes);
          assertThat(memory.address() % 64).isZero();
          MemorySegment slack = MemorySegment.ofAddress(memory.address() + bytes).reinterpret(64);
          assertThat(slack.toArray(ValueLayout.JAVA_BYTE)).hasSize(64);
          assertThat(device.memory().bytesHeld()).isEqualTo(bytes);
          buffer.close();
          buffer.close();
          assertThat(device.memory().buffers()).isZero();
        }
      }
    }
  }

  @Test
  void aClosedBufferIsRefused() {
    try (CpuDevice device = device(1);
        Stream stream = device.stream()) {
      Buffer buffer = device.allocate(8);
      buffer.close();
      assertThatThrownBy(() -> stream.upload(MemorySegment.ofArray(new byte[8]), Slice.of(buffer)))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void aClosedLaunchIsRefused() {
    try (CpuDevice device = device(2);
        Buffer x = device.allocate(4L * 400 * 200);
        Buffer y = device.allocate(4L * 400 * 200);
        Launchable code = device.compile(softmax("softmax", Dim.of(400), Dim.of(200)));
        Stream stream = device.stream()) {
      Launch launch = code.bind(List.of(Slice.of(x), Slice.of(y)), Bindings.NONE);
      launch.close();
      assertThatThrownBy(() -> stream.launch(launch)).hasStackTraceContaining("closed");
    }
  }

  @Test
  void zerosAreZerosInBuffersOfAllSizes() {
    try (CpuDevice device = device(1);
        Stream stream = device.stream()) {
      for (int bytes : new int[] {1, 100, 4096, 1 << 18, (5 << 20) + 3}) {
        try (Buffer buffer = device.allocateZeros(bytes)) {
          byte[] read = new byte[bytes];
          Arrays.fill(read, (byte) 1);
          stream.download(new Slice(buffer, 0, bytes), MemorySegment.ofArray(read));
          stream.synchronize();
          assertThat(read).isEqualTo(new byte[bytes]);
        }
      }
      assertThat(device.memory().bytesHeld()).isZero();
    }
  }

  @Test
  void aPlantedFaultIsOneBitOfOneNumberOfOneKernel() {
    float[] input = floats(40 * 20, 5);
    try (CpuDevice device = device(1, "cpu.test-fault", "wrong")) {
      assertThat(String.join("", device.info().notes())).contains("FOR TESTS ONLY", "wrong");
      Kernel right = softmax("right", Dim.of(40), Dim.of(20));
      assertThat(run(device, right, input)).isEqualTo(interpreted(right, input));
      float[] wrong = run(device, softmax("wrong", Dim.of(40), Dim.of(20)), input);
      float[] expected = interpreted(right, input);
      expected[0] = Float.intBitsToFloat(Float.floatToRawIntBits(expected[0]) ^ 1);
      assertThat(wrong).isEqualTo(expected);
    }
  }

  @Test
  void aDeviceThatIsToFailDoesSoForGood() {
    Kernel kernel = softmax("softmax", Dim.of(40), Dim.of(20));
    float[] input = floats(40 * 20, 6);
    try (CpuDevice device = device(1, "cpu.fail-after", "2")) {
      assertThat(String.join("", device.info().notes())).contains("FOR TESTS ONLY");
      run(device, kernel, input);
      run(device, kernel, input);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> run(device, kernel, input))
            .isInstanceOf(DeviceException.class)
            .hasMessageContaining("softmax")
            .hasMessageContaining("cpu.fail-after=2");
      }
    }
  }

  @Test
  void aCountOfLaunchesIsANumber() {
    assertThatThrownBy(() -> device(1, "cpu.fail-after", "soon"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("'soon'");
  }
}
