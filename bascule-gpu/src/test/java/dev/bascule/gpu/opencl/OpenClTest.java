package dev.bascule.gpu.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The bindings against whatever OpenCL this machine has; skipped, with the reason, where it has
 * none.
 */
class OpenClTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static final String SOURCE =
      """
      #pragma OPENCL FP_CONTRACT OFF
      kernel void unfused(global const float *x, long xAt, global float *y, long yAt, float scale, long count) {
        long i = get_global_id(0);
        if (i < count) y[yAt + i] = x[xAt + i] * scale + x[xAt + i];
      }
      kernel void fused(global const float *x, global float *y, float scale, long count) {
        long i = get_global_id(0);
        if (i < count) y[i] = fma(x[i], scale, x[i]);
      }
      kernel void reverse(global const float *x, global float *y, local float *t) {
        int i = get_local_id(0), n = get_local_size(0);
        t[i] = x[get_global_id(0)];
        barrier(CLK_LOCAL_MEM_FENCE);
        y[get_global_id(0)] = t[n - 1 - i];
      }
      """;

  private Arena arena;
  private OpenClContext context;
  private OpenClQueue queue;

  @BeforeEach
  void open() {
    switch (OpenClLookup.find()) {
      case OpenClLookup.Absent(String reason) -> abort(reason);
      case OpenClLookup.Present present -> {
        if (present.chips().isEmpty()) {
          abort("OpenCL is here, but no device");
        }
        arena = Arena.ofConfined();
        context = OpenClContext.open(present.chips().getFirst());
        queue = context.queue();
      }
    }
  }

  @AfterEach
  void close() {
    if (queue != null) {
      queue.close();
      context.close();
      arena.close();
    }
  }

  @Test
  void aChipSaysWhatItIs() {
    OpenClChip chip = context.chip();
    assertThat(chip.name()).isNotBlank();
    assertThat(chip.computeUnits()).isPositive();
    assertThat(chip.workGroupSizeMax()).isPositive();
    assertThat(chip.allocationBytesMax()).isBetween(1L, chip.globalBytes());
  }

  @Test
  void multiplyThenAddAndFmaGiveJavasBits() {
    int count = 10_007;
    int shift = 3; // elements that both operands begin after
    MemorySegment x = randomBits(count + shift);
    try (OpenClProgram program = context.build(SOURCE, "");
        OpenClKernel unfused = program.kernel("unfused");
        OpenClKernel fused = program.kernel("fused");
        OpenClBuffer input = context.allocate(x.byteSize());
        OpenClBuffer output = context.allocate(x.byteSize())) {
      float scale = 1.0000001f;
      queue.write(input, 0, x);
      unfused.argument(0, input).argument(1, (long) shift).argument(2, output);
      unfused.argument(3, (long) shift).argument(4, scale).argument(5, (long) count);
      queue.launch(unfused, WorkRange.of((count + 63) / 64, 64));
      MemorySegment y = arena.allocate(FLOAT, count);
      queue.read(output, (long) shift * Float.BYTES, y);
      for (int i = 0; i < count; i++) {
        float v = x.getAtIndex(FLOAT, i + shift);
        assertSameBits(y.getAtIndex(FLOAT, i), v * scale + v, v);
      }
      fused.argument(0, input).argument(1, output).argument(2, scale).argument(3, (long) count);
      queue.launch(fused, WorkRange.of((count + 63) / 64, 64));
      queue.read(output, 0, y);
      for (int i = 0; i < count; i++) {
        float v = x.getAtIndex(FLOAT, i);
        assertSameBits(y.getAtIndex(FLOAT, i), Math.fma(v, scale, v), v);
      }
    }
  }

  @Test
  void workItemsOfAGroupShareLocalMemory() {
    try (OpenClProgram program = context.build(SOURCE, "");
        OpenClKernel reverse = program.kernel("reverse");
        OpenClBuffer input = context.allocate(64 * Float.BYTES);
        OpenClBuffer output = context.allocate(64 * Float.BYTES)) {
      MemorySegment x = arena.allocate(FLOAT, 64);
      for (int i = 0; i < 64; i++) {
        x.setAtIndex(FLOAT, i, i);
      }
      queue.write(input, 0, x);
      reverse.argument(0, input).argument(1, output).localArgument(2, 32 * Float.BYTES);
      queue.launch(reverse, WorkRange.of(2, 32));
      queue.read(output, 0, x);
      assertThat(x.getAtIndex(FLOAT, 0)).isEqualTo(31f);
      assertThat(x.getAtIndex(FLOAT, 63)).isEqualTo(32f);
    }
  }

  @Test
  void copyFillAndMapReachTheirRangeAlone() {
    try (OpenClBuffer a = context.allocate(64);
        OpenClBuffer b = context.allocate(64)) {
      queue.fill(a, (byte) 7, 0, 64);
      queue.fill(b, (byte) 1, 0, 64);
      queue.copy(a, 5, b, 10, 3);
      MemorySegment mapped = queue.map(b, 8, 8);
      assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 1, 7, 7, 7, 1, 1, 1);
      mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 9);
      queue.unmap(b, mapped);
      MemorySegment all = arena.allocate(64);
      queue.read(b, 0, all);
      assertThat(all.asSlice(7, 4).toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 9, 1, 7);
    }
  }

  @Test
  void anAdoptedBufferIsTheHostsMemory() {
    MemorySegment host = arena.allocate(4096, 4096).fill((byte) 3);
    try (OpenClBuffer adopted = context.adopt(host)) {
      queue.fill(adopted, (byte) 4, 1, 1);
      MemorySegment mapped = queue.map(adopted, 0, 4096);
      assertThat(mapped.address()).isEqualTo(host.address());
      assertThat(host.asSlice(0, 3).toArray(ValueLayout.JAVA_BYTE)).containsExactly(3, 4, 3);
      queue.unmap(adopted, mapped);
      queue.finish();
    }
  }

  @Test
  void oneQueueWaitsForAnothersEvent() {
    try (OpenClQueue second = context.queue();
        OpenClBuffer a = context.allocate(1 << 20);
        OpenClBuffer b = context.allocate(1 << 20)) {
      MemorySegment last = arena.allocate(1);
      for (int round = 0; round < 50; round++) {
        queue.fill(a, (byte) round, 0, 1 << 20);
        try (OpenClEvent filled = queue.record()) {
          second.await(filled);
        }
        second.copy(a, 0, b, 0, 1 << 20);
        second.read(b, (1 << 20) - 1, last);
        assertThat(last.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) round);
      }
    }
  }

  @Test
  void aTimedLaunchOnAProfilingQueueKnowsItsDuration() {
    try (OpenClQueue profiling = context.profilingQueue();
        OpenClProgram program = context.build(SOURCE, "");
        OpenClKernel reverse = program.kernel("reverse");
        OpenClBuffer buffer = context.allocate(128)) {
      reverse.argument(0, buffer).argument(1, buffer).localArgument(2, 128);
      try (OpenClEvent event = profiling.launchTimed(reverse, WorkRange.of(1, 32))) {
        event.waitFor();
        assertThat(event.durationNanos()).isPositive();
      }
    }
  }

  @Test
  void aSourceThatDoesNotCompileShowsTheCompilersLog() {
    assertThatThrownBy(
            () -> context.build("kernel void broken(global float *x) { x[0] = nowhere; }", "-DQ=1"))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("clBuildProgram gave CL_BUILD_PROGRAM_FAILURE (-11)")
        .hasMessageContaining("\"-DQ=1\"")
        .hasMessageContaining("nowhere");
  }

  @Test
  void anUnknownKernelAndAWrongArgumentAreNamed() {
    try (OpenClProgram program = context.build(SOURCE, "");
        OpenClKernel fused = program.kernel("fused")) {
      assertThatThrownBy(() -> program.kernel("fuzed"))
          .hasMessageContaining("clCreateKernel \"fuzed\" gave CL_INVALID_KERNEL_NAME (-46)");
      assertThatThrownBy(() -> fused.argument(9, 1L))
          .hasMessageContaining(
              "clSetKernelArg gave CL_INVALID_ARG_INDEX (-49): argument 9 of 8 bytes");
      assertThatThrownBy(() -> queue.launch(fused, WorkRange.of(1, 1)))
          .hasMessageContaining(
              "clEnqueueNDRangeKernel gave CL_INVALID_KERNEL_ARGS (-52): kernel \"fused\"");
    }
  }

  @Test
  void aRangeOutsideTheBufferAndABufferTooLargeAreRefused() {
    MemorySegment host = arena.allocate(16);
    try (OpenClBuffer buffer = context.allocate(20)) {
      assertThatThrownBy(() -> queue.read(buffer, 5, host))
          .hasMessage("OpenCL read of 16 bytes at offset 5: the buffer has 20 bytes");
      assertThatThrownBy(() -> queue.write(buffer, -1, host))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThatThrownBy(() -> context.allocate(Long.MAX_VALUE))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("CL_INVALID_BUFFER_SIZE")
        .hasMessageContaining("the largest buffer");
  }

  @Test
  void aMissingLoaderIsAReasonNotAnError() {
    assertThat(OpenClLookup.find(List.of("libNoOpenCLHere.so.7")))
        .isInstanceOfSatisfying(
            OpenClLookup.Absent.class,
            absent ->
                assertThat(absent.reason()).contains("libNoOpenCLHere.so.7", "pocl-opencl-icd"));
  }

  @Test
  void aLibraryThatIsNotOpenClIsAReasonNotAnError() {
    assertThat(OpenClLookup.find(List.of("libc.so.6")))
        .isInstanceOfSatisfying(
            OpenClLookup.Absent.class,
            absent ->
                assertThat(absent.reason())
                    .contains("libc.so.6", "OpenCL 1.2", "clGetPlatformIDs"));
  }

  private MemorySegment randomBits(int count) {
    SplittableRandom random = new SplittableRandom(5);
    MemorySegment values = arena.allocate(FLOAT, count);
    for (int i = 0; i < count; i++) {
      values.setAtIndex(FLOAT, i, Float.intBitsToFloat(random.nextInt()));
    }
    return values;
  }

  private static void assertSameBits(float got, float expected, float input) {
    assertThat(Float.floatToIntBits(got)) // any NaN is as good as any other
        .as("of %s: %s, expected %s", input, got, expected)
        .isEqualTo(Float.floatToIntBits(expected));
  }
}
