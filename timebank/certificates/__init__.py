"""Certificates of service (志愿服务记录证明) and of recognition: signed, provable, revocable."""
