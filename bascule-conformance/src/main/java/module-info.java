/** The suite that every device must pass. */
module dev.bascule.conformance {
  requires static org.jspecify;
  requires transitive dev.bascule.engine;

  exports dev.bascule.conformance;
}
