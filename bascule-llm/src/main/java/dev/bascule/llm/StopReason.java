package dev.bascule.llm;

/** Why a generation ended. */
public enum StopReason {
  /** The model ended its answer. */
  END_OF_TEXT,
  /** A stop string appeared. */
  STOP_STRING,
  /** As many tokens as were asked for. */
  LENGTH,
  /** The context is full. */
  CONTEXT,
  /** Somebody cancelled it. */
  CANCELLED
}
