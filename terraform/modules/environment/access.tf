# CloudFront's own addresses, as AWS keeps them.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

locals {
  origin_port = local.origin_is_https ? 443 : 80
}

resource "aws_security_group" "load_balancer" {
  name        = "${local.name}-load-balancer"
  description = "Load balancer of ${local.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${local.name}-load-balancer" }
}

# The list weighs 55 rules and a group may hold 60: there is room for one port.
resource "aws_vpc_security_group_ingress_rule" "from_cloudfront" {
  for_each = var.origin_rules_by_address ? toset(data.aws_ec2_managed_prefix_list.cloudfront.entries[*].cidr) : ["list"]

  security_group_id = aws_security_group.load_balancer.id
  description       = "Requests that come through CloudFront"
  prefix_list_id    = var.origin_rules_by_address ? null : data.aws_ec2_managed_prefix_list.cloudfront.id
  cidr_ipv4         = var.origin_rules_by_address ? each.value : null
  ip_protocol       = "tcp"
  from_port         = local.origin_port
  to_port           = local.origin_port
}

resource "aws_vpc_security_group_egress_rule" "to_tasks" {
  for_each = var.services

  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Requests and health checks to the tasks of ${each.key}"
  referenced_security_group_id = module.service[each.key].security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_security_group" "instances" {
  name        = "${local.name}-instances"
  description = "Instances of the ECS cluster ${local.name}: nothing comes in"
  vpc_id      = var.vpc_id

  tags = { Name = "${local.name}-instances" }
}

resource "aws_vpc_security_group_egress_rule" "instances_https" {
  security_group_id = aws_security_group.instances.id
  description       = "ECS, ECR, Systems Manager and package repositories"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
