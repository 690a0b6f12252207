package dev.bascule.cpu.gemm;

/** The right operand of a product: as it lies in memory, or packed before. */
public sealed interface RightOperand permits Matrix, PackedMatrix {}
