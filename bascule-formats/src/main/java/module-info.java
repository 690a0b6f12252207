/** Files of models, tensors and tokenizers. */
module dev.bascule.formats {
  requires static org.jspecify;
  requires transitive dev.bascule.engine;
  requires tools.jackson.core;

  exports dev.bascule.formats;
  exports dev.bascule.formats.gguf;
  exports dev.bascule.formats.huggingface;
  exports dev.bascule.formats.importer;
  exports dev.bascule.formats.json;
  exports dev.bascule.formats.npy;
  exports dev.bascule.formats.onnx;
  exports dev.bascule.formats.quant;
  exports dev.bascule.formats.safetensors;
  exports dev.bascule.formats.tokenizer;
}
