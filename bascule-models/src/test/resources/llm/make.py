"""Makes the folders beside it: tiny random decoders, their logits and greedy ids as transformers gives them.

Needs torch 2.13 and transformers 5.18; nothing in the build runs it. Usage: make.py FOLDER [NAME...]
"""
import json
import os
import sys

import torch, transformers
from transformers import AutoConfig, AutoModelForCausalLM
from safetensors.torch import save_file
out=sys.argv[1]
common=dict(vocab_size=96, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256, initializer_range=0.2, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False)
yarn=dict(rope_type='yarn', rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16, beta_fast=32, beta_slow=1)
moe=dict(n_routed_experts=8, num_experts_per_tok=3, moe_intermediate_size=24, n_shared_experts=2, first_k_dense_replace=1)
mla=dict(kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=12, num_key_value_heads=4)
models={
 'mistral': ('mistral', dict(num_key_value_heads=2, head_dim=8, sliding_window=None)),
 'glm4': ('glm4', dict(num_key_value_heads=2, head_dim=16, attention_bias=True, partial_rotary_factor=0.5, rope_parameters=dict(rope_type='default', rope_theta=10000.0, partial_rotary_factor=0.5))),
 'llama-linear': ('llama', dict(num_key_value_heads=4, rope_parameters=dict(rope_type='linear', rope_theta=10000.0, factor=4.0), attention_bias=True)),
 'qwen3-yarn': ('qwen3', dict(num_key_value_heads=2, head_dim=16, rope_parameters=yarn)),
 'qwen3_moe-unnormed': ('qwen3_moe', dict(num_key_value_heads=1, head_dim=16, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24, norm_topk_prob=False)),
 'deepseek_v2-lite': ('deepseek_v2', dict(**mla, **moe, q_lora_rank=None, topk_method='greedy', n_group=1, topk_group=1, routed_scaling_factor=1.0, norm_topk_prob=False)),
 'deepseek_v2': ('deepseek_v2', dict(**mla, **moe, q_lora_rank=24, topk_method='group_limited_greedy', n_group=4, topk_group=2, routed_scaling_factor=16.0, norm_topk_prob=False)),
 'deepseek_v3-yarn': ('deepseek_v3', dict(**mla, **moe, q_lora_rank=24, n_group=4, topk_group=2, routed_scaling_factor=2.5, norm_topk_prob=True, rope_parameters=dict(yarn, mscale=1.0, mscale_all_dim=1.0), rope_interleave=True)),
}
for name,(mt,extra) in models.items():
  if len(sys.argv)>2 and name not in sys.argv[2:]:
    continue
  torch.manual_seed(sum(map(ord,name)))
  kw=dict(common); kw.update(extra)
  cfg=AutoConfig.for_model(mt, **kw)
  m=AutoModelForCausalLM.from_config(cfg).float().eval()
  m.config._attn_implementation='eager'
  for n,p in m.named_parameters():
    if n.endswith('bias'): torch.nn.init.normal_(p, std=0.1)
    elif 'norm' in n: torch.nn.init.normal_(p, mean=1.0, std=0.1)
  for n,b in m.named_buffers():
    if 'correction_bias' in n: torch.nn.init.normal_(b, std=0.05)
  d=os.path.join(out,name); m.save_pretrained(d)
  ids=torch.randint(3,96,(2,37))
  with torch.no_grad(): lg=m(ids).logits.float()
  save_file({'input_ids':ids.contiguous(),'logits':lg.contiguous()}, os.path.join(d,'oracle.safetensors'))
  prompt=torch.randint(3,96,(1,11)); cur=prompt
  with torch.no_grad():
    for _ in range(24):
      nxt=m(cur).logits[:,-1].argmax(-1,keepdim=True); cur=torch.cat([cur,nxt],1)
  json.dump(dict(prompt_ids=prompt[0].tolist(), greedy_ids=cur[0,11:].tolist(), made_with='transformers %s, torch %s, float32'%(transformers.__version__,torch.__version__)), open(os.path.join(d,'greedy.json'),'w'))
