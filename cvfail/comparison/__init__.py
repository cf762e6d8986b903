"""Two models on the same images: what is better, what is worse, how sure that is, and which objects changed."""
