/** Files of models, tensors and tokenizers. */
module dev.bascule.formats {
  requires static org.jspecify;
  requires transitive dev.bascule.engine;
  requires tools.jackson.core;
}
