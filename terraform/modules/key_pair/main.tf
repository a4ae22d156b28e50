# The private half never comes near Terraform: whoever owns the key makes it, and gives the public half.
resource "aws_key_pair" "this" {
  count = var.public_key == null ? 0 : 1

  key_name   = var.name
  public_key = var.public_key
}
