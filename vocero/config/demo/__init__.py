"""The demo: a believable company that lives through ninety days, made by the product's own services."""
