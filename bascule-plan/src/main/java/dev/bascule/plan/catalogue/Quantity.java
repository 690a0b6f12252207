package dev.bascule.plan.catalogue;

/** The figures of a chip: a column of the file, and its unit. */
public enum Quantity {
  BF16_TFLOPS("bf16_tflops", "TFLOPS"),
  FP8_TFLOPS("fp8_tflops", "TFLOPS"),
  INT8_TOPS("int8_tops", "TOPS"),
  FP4_TFLOPS("fp4_tflops", "TFLOPS"),
  /** What a large matrix product was measured to reach. */
  BF16_MATMUL_TFLOPS("bf16_matmul_tflops", "TFLOPS"),
  FP8_MATMUL_TFLOPS("fp8_matmul_tflops", "TFLOPS"),
  MEMORY_GB("memory_gb", "GB"),
  MEMORY_GBPS("memory_gbps", "GB/s"),
  /** Both directions together, as vendors and export rules count. */
  LINK_GBPS("link_gbps", "GB/s"),
  /** How many chips the fast link joins. */
  LINK_CHIPS("link_chips", "chips"),
  /** One direction, for each chip, beyond the fast link. */
  NETWORK_GBPS("network_gbps", "GB/s"),
  DIES("dies", "dies"),
  DIE_AREA_MM2("die_area_mm2", "mm2"),
  TDP_W("tdp_w", "W"),
  PRICE_USD("price_usd", "USD"),
  RENT_USD_HOUR("rent_usd_hour", "USD/h");

  private final String column;
  private final String unit;

  Quantity(String column, String unit) {
    this.column = column;
    this.unit = unit;
  }

  public String column() {
    return column;
  }

  public String unit() {
    return unit;
  }
}
