package dev.bascule.cpu.asm;

import static dev.bascule.cpu.asm.Vec.v;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Code that runs: labels, constants, frames, memory, and the refusals. */
class EmittedCodeTest {
  @BeforeEach
  void needsAvx2() {
    Assumptions.assumeTrue(
        CpuFeatures.isEmittable() && CpuFeatures.detect().level().includes(IsaLevel.AVX2),
        "this processor or system cannot run emitted AVX2 code");
  }

  private static long[] run(Assembler asm, long low, long high) {
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
        Arena arena = Arena.ofConfined()) {
      MemorySegment results = arena.allocate(64, 64);
      MachineCode.run(memory.install(asm.finish()), results.address(), low, high);
      return results.toArray(ValueLayout.JAVA_LONG);
    }
  }

  @Test
  void loopsJumpBackwardAndForward() {
    Assembler asm = new Assembler(IsaLevel.AVX2);
    asm.zero(Gpr.RAX);
    Label done = asm.newLabel();
    asm.align(32);
    assertThat(asm.size() % 32).isZero();
    Label loop = asm.here();
    asm.cmp(Gpr.RSI, Gpr.RDX);
    asm.jcc(Condition.GREATER_EQUAL, done);
    asm.add(Gpr.RAX, Gpr.RSI);
    asm.add(Gpr.RSI, 1);
    asm.jmp(loop);
    asm.bind(done);
    asm.store(Width.B64, Mem.at(Gpr.RDI), Gpr.RAX);
    asm.ret();
    assertThat(run(asm, 3, 101)[0]).isEqualTo(100L * 101 / 2 - 3);
  }

  @Test
  void constantsAreReadRelativeToTheNextInstructionEvenBeforeAnImmediate() {
    Assembler asm = new Assembler(IsaLevel.AVX2);
    Constant numbers = asm.constants32(1, 2, 3, 4);
    asm.op(Row.VPSHUFD, VectorLength.V128, v(3), numbers, 0b00_01_10_11);
    asm.op(Row.VPADDD, VectorLength.V128, v(3), v(3), asm.constants32(10, 20, 30, 40));
    asm.imul(Gpr.RAX, asm.constant64(7), 6);
    asm.op(Row.VMOVDQU_STORE, VectorLength.V128, Mem.at(Gpr.RDI), v(3));
    asm.store(Width.B64, Mem.at(Gpr.RDI, 16), Gpr.RAX);
    asm.vzeroupper();
    asm.ret();
    long[] results = run(asm, 0, 0);
    assertThat(results[0]).isEqualTo(23L << 32 | 14);
    assertThat(results[1]).isEqualTo(41L << 32 | 32);
    assertThat(results[2]).isEqualTo(42);
  }

  @Test
  void equalConstantsShareAPlace() {
    Assembler once = new Assembler(IsaLevel.AVX2);
    once.lea(Gpr.RAX, once.constant(1.5f));
    Assembler twice = new Assembler(IsaLevel.AVX2);
    twice.lea(Gpr.RAX, twice.constant(1.5f));
    twice.constant(1.5f);
    assertThat(twice.finish()).isEqualTo(once.finish());
  }

  @Test
  void framesGiveBackWhatTheyTookAndAlignTheirScratch() {
    AbiFrame frame = AbiFrame.saving(Gpr.RBX, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15).withScratch(200);
    Assembler asm = new Assembler(IsaLevel.AVX2);
    frame.enter(asm);
    asm.lea(Gpr.R15, frame.scratch(64));
    asm.mov(Gpr.RBX, -5);
    asm.store(Width.B64, frame.scratch(192), Gpr.RBX);
    asm.mov(Gpr.R12, frame.scratch(192));
    asm.store(Width.B64, Mem.at(Gpr.RDI), Gpr.R15);
    asm.store(Width.B64, Mem.at(Gpr.RDI, 8), Gpr.R12);
    frame.leave(asm);
    long[] results = run(asm, 0, 0);
    assertThat(results[0] % 64).isZero();
    assertThat(results[1]).isEqualTo(-5);
  }

  @Test
  void functionsInstalledTogetherBeginAtCacheLines() {
    Assembler asm = new Assembler(IsaLevel.AVX2);
    asm.ret();
    byte[] code = asm.finish();
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED)) {
      List<MemorySegment> entries = memory.install(List.of(code, code, code));
      assertThat(entries).allMatch(entry -> entry.address() % 64 == 0).doesNotHaveDuplicates();
      entries.forEach(entry -> MachineCode.run(entry, 0, 0, 0));
    }
  }

  @Test
  void aForbiddingHostIsNamedWithTheRemedy() {
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.FORBIDDEN)) {
      assertThatThrownBy(() -> memory.install(new byte[] {(byte) 0xC3}))
          .isInstanceOf(CodeMemoryException.class)
          .hasMessageContaining("portable");
    }
  }

  @Test
  void closedMemoryInstallsNothing() {
    ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
    memory.close();
    assertThatThrownBy(() -> memory.install(new byte[] {(byte) 0xC3}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void nothingBeyondTheLevelIsEncoded() {
    Assembler asm = new Assembler(IsaLevel.AVX2);
    assertThatThrownBy(() -> asm.op(Row.VADDPS, VectorLength.V512, v(0), v(1), v(2)))
        .hasMessageContaining("vaddps")
        .hasMessageContaining("AVX512");
    assertThatThrownBy(() -> asm.op(Row.VADDPS, VectorLength.V256, v(0), v(1), v(16)))
        .hasMessageContaining("AVX512");
    assertThatThrownBy(() -> asm.kmov(Width.B16, Mask.K1, Gpr.RAX)).hasMessageContaining("AVX512");
  }

  @Test
  void operandsOfTheWrongKindAreRefused() {
    Assembler asm = new Assembler(IsaLevel.AVX512);
    assertThatThrownBy(() -> asm.op(Row.VADDPS, VectorLength.V512, Mask.K1, v(1), v(2)))
        .hasMessageContaining("expected VEC");
    assertThatThrownBy(() -> asm.op(Row.VADDPS, VectorLength.V512, v(1), v(2)))
        .hasMessageContaining("number of operands");
    assertThatThrownBy(() -> asm.op(Row.VPERMPS, VectorLength.V128, v(1), v(2), v(3)))
        .hasMessageContaining("vector length");
    Mem broadcast = Mem.at(Gpr.RDI).toAllLanes();
    assertThatThrownBy(() -> asm.op(Row.VPADDB, VectorLength.V512, v(1), v(2), broadcast))
        .hasMessageContaining("broadcast");
  }

  @Test
  void anUnboundLabelIsAMistake() {
    Assembler asm = new Assembler(IsaLevel.AVX2);
    asm.jmp(asm.newLabel());
    assertThatThrownBy(asm::finish).hasMessageContaining("never bound");
  }
}
