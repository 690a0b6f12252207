package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.Row;

/** The element types that multiply, and the instructions for each. */
public enum ElementType {
  F32(
      4,
      Row.VMOVUPS,
      Row.VMOVUPS_STORE,
      Row.VBROADCASTSS,
      Row.VFMADD231PS,
      Row.VMASKMOVPS,
      Row.VMASKMOVPS_STORE),
  F64(
      8,
      Row.VMOVUPD,
      Row.VMOVUPD_STORE,
      Row.VBROADCASTSD,
      Row.VFMADD231PD,
      Row.VMASKMOVPD,
      Row.VMASKMOVPD_STORE);

  private final int bytes;
  final Row load;
  final Row store;
  final Row broadcast;
  final Row fma;
  final Row maskLoad;
  final Row maskStore;

  ElementType(int bytes, Row load, Row store, Row broadcast, Row fma, Row maskLoad, Row maskStore) {
    this.bytes = bytes;
    this.load = load;
    this.store = store;
    this.broadcast = broadcast;
    this.fma = fma;
    this.maskLoad = maskLoad;
    this.maskStore = maskStore;
  }

  public int bytes() {
    return bytes;
  }
}
