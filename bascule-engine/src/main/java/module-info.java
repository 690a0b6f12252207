/** From a graph to a plan to results. */
module dev.bascule.engine {
  requires static org.jspecify;
  requires transitive dev.bascule.core;

  exports dev.bascule.engine;
  exports dev.bascule.engine.rewrite;
}
